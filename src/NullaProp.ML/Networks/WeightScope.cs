using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>A part of a model's weights whose names share a beginning, for one network or layer.</summary>
/// <param name="Owner">The weights.</param>
/// <param name="Prefix">The shared beginning, without the dot that follows it; empty for all weights of the model.</param>
internal readonly record struct WeightScope(Weights Owner, string Prefix)
{
    /// <summary>Returns the scope of a part.</summary>
    /// <param name="name">The part's name.</param>
    public WeightScope Under(string name) => new(Owner, Full(name));

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
