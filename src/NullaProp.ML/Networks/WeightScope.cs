using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>A part of a model's weights whose names share a beginning, for one network or layer.</summary>
/// <param name="Owner">The weights.</param>
/// <param name="Prefix">The shared beginning, without the dot that follows it; empty for all weights of the model.</param>
/// <param name="NormRole">How training treats scale and shift of batch normalisations.</param>
internal readonly record struct WeightScope(Weights Owner, string Prefix, WeightRole NormRole = WeightRole.Undecayed)
{
    /// <summary>Returns the scope of a part.</summary>
    /// <param name="name">The part's name.</param>
    public WeightScope Under(string name) => this with { Prefix = Full(name) };

    /// <summary>Returns the same scope, in which batch normalisations stay as they are.</summary>
    public WeightScope WithFixedNorms() => this with { NormRole = WeightRole.Fixed };

    /// <summary>Makes scale or shift of a batch normalisation.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="channels">The number of channels.</param>
    public Weight Norm(string name, Initializer initializer, long channels) =>
        Owner.Add(Full(name), [channels], NormRole, initializer);

    /// <summary>Makes a matrix or kernel, trained with weight decay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Matrix(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Decayed, initializer);

    /// <summary>Makes a weight that is trained without weight decay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Undecayed(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Undecayed, initializer);

    /// <summary>Makes a weight that is not trained.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its value, where it is not loaded.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Fixed(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Fixed, initializer);

    private string Full(string name) => Prefix.Length == 0 ? name : $"{Prefix}.{name}";
}
