namespace NullaProp.ML;

/// <summary>In which numbers the image network computes while it is trained. Weights, everything behind the image network, and scoring are always of single precision.</summary>
public enum BackbonePrecision
{
    /// <summary>
    /// <see cref="BFloat16"/> for networks with convolutions where the hardware multiplies it faster (CPUs with AMX, AMD's with AVX512_BF16, NVIDIA GPUs from Ampere on), else
    /// <see cref="Full"/>. Name one of them to train the same model on other hardware.
    /// </summary>
    Automatic,

    /// <summary>Single precision, float32.</summary>
    Full,

    /// <summary>
    /// bfloat16: the range of single precision with 8 bits of accuracy, faster and in half the memory. The weights stay in single precision and are rounded for
    /// each step (Micikevicius et al. 2018, arXiv 1710.03740, section 3.1). Not for <see cref="BackboneKind.Custom"/>.
    /// </summary>
    BFloat16,
}
