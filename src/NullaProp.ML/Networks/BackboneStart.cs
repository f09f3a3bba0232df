using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>Weights that a backbone starts from, named as below its scope, and what did not fit when a model asked for them.</summary>
/// <param name="tensors">The weights.</param>
internal sealed class BackboneStart(IReadOnlyDictionary<string, HostTensor> tensors)
{
    private const string Scope = "backbone.";
    private const string Stem = "conv1.weight";

    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _faults = new(StringComparer.Ordinal);

    /// <summary>Gets a sentence about the first convolution, where it could not be used for these images.</summary>
    public string? Warning { get; private set; }

    /// <summary>Returns what does not fit: weights that the backbone needs and that are missing or of another shape, and weights that it
    /// does not know.</summary>
    public IReadOnlyList<string> Faults() => [.. _faults, .. tensors.Keys.Except(_used).Select(name => $"'{name}' is unknown")];

    /// <summary>Returns the first value of a weight of a model, or nothing where it is to be drawn.</summary>
    /// <param name="name">The weight's full name.</param>
    /// <param name="shape">The shape that it must have.</param>
    public HostTensor? Find(string name, long[] shape)
    {
        var at = name.IndexOf(Scope, StringComparison.Ordinal);
        if (at != 0 && (at < 0 || name[at - 1] != '.'))
        {
            return null;
        }

        var own = name[(at + Scope.Length)..];
        _used.Add(own);
        if (!tensors.TryGetValue(own, out var value))
        {
            if (!own.StartsWith("output.", StringComparison.Ordinal)) // ours, not torchvision's
            {
                _faults.Add($"'{own}' is missing");
            }

            return null;
        }

        if (value.Shape.SequenceEqual(shape))
        {
            return value;
        }

        var difference = $"'{own}' is of shape ({string.Join(", ", value.Shape)}) in place of ({string.Join(", ", shape)})";
        if (own == Stem && value.Shape[0] == shape[0])
        {
            Warning = $"{difference}: this first convolution is trained from scratch.";
        }
        else
        {
            _faults.Add(difference);
        }

        return null;
    }
}
