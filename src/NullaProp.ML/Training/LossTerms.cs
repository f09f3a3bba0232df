using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>The loss of one step by its three terms, each a scalar tensor; what a term does not depend on is left 0.</summary>
/// <param name="Denoising">The weighted denoising term.</param>
/// <param name="Prior">The prior term.</param>
/// <param name="Readout">The read-out term.</param>
internal readonly record struct LossTerms(Tensor Denoising, Tensor Prior, Tensor Readout)
{
    /// <summary>Returns the sum that training lowers, a scalar tensor.</summary>
    public Tensor Total() => Denoising.Plus(Prior).Plus(Readout);

    /// <summary>Returns the terms without their history, (3).</summary>
    public Tensor Detached() => stack([Denoising.detach(), Prior.detach(), Readout.detach()]);
}
