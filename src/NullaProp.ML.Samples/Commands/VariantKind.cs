namespace NullaProp.ML.Samples.Commands;

/// <summary>The variants by the names that a command line gives them.</summary>
internal enum VariantKind
{
    ContinuousTime,
    DiscreteTime,
    FlowMatching,
    CrossEntropyBaseline,
}

/// <summary>Makes the variant of a name.</summary>
internal static class VariantKinds
{
    /// <summary>Returns the variant with its defaults.</summary>
    /// <param name="kind">Its name.</param>
    /// <param name="blocks">The number of blocks, where it has several.</param>
    public static NoPropVariant Create(this VariantKind kind, int blocks) => kind switch
    {
        VariantKind.DiscreteTime => new DiscreteTime { BlockCount = blocks },
        VariantKind.FlowMatching => new FlowMatching(),
        VariantKind.CrossEntropyBaseline => new CrossEntropyBaseline(),
        _ => new ContinuousTime(),
    };
}
