using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>
/// The user's own image networks, by name. Register in each process that loads a model trained with one: the file holds its name and
/// weights, not its code. A trainer that was given its network needs no registration, nor do the models that it trains until they are
/// loaded anew.
/// </summary>
/// <threadsafety>May be used from several threads at once.</threadsafety>
public static class NoPropBackbones
{
    /// <summary>Makes a module known by a name, in place of an earlier one of the same name.</summary>
    /// <param name="name">The name, for <see cref="NoPropOptions.BackboneName"/>; it is stored in models.</param>
    /// <param name="create">
    /// Makes a new module for a size of images. The module maps normalised images, (B, C, H, W), to (B, F) for any batch size; a linear
    /// layer F→HiddenSize is added. Its parameters and floating-point buffers are trained and stored with the model, so what it holds must
    /// be registered: by <c>RegisterComponents</c>, from fields. It is put in training mode for training steps and in evaluation mode for
    /// scoring.
    /// </param>
    /// <remarks>
    /// TorchSharp's layers draw their first weights, and dropout its masks, from the process-wide generator of torch. While a module is
    /// made, that generator runs from a state drawn from the trainer's seed, and so it does in each training step, and is put back
    /// afterwards: on the CPU a training with dropout is repeatable by seed. Other programs' threads that draw from it wait meanwhile.
    /// <para>
    /// A model whose module is a <c>Sequential</c> of TorchSharp's own layers (convolutions, batch normalisations, pools, linear layers,
    /// dropout, common activations) can be written as an ONNX file: these say what they compute. Code of your own does not, nor do hooks,
    /// which are left out.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static void Register(string name, Func<ImageShape, nn.Module<Tensor, Tensor>> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        CustomBackbones.Register(name, create);
    }
}
