namespace NullaProp.ML.Tests.Support;

/// <summary>The variants by name: a row of test data can hold no record.</summary>
public enum VariantKind
{
    ContinuousTime,
    DiscreteTime,
    FlowMatching,
    CrossEntropyBaseline,
}

internal static class VariantKinds
{
    /// <summary>Returns a variant: that of the kind among those given, else one with its defaults.</summary>
    public static NoPropVariant Create(this VariantKind kind, params NoPropVariant[] given) =>
        Array.Find(given, variant => variant.GetType().Name == kind.ToString()) ?? kind switch
        {
            VariantKind.ContinuousTime => new ContinuousTime(),
            VariantKind.DiscreteTime => new DiscreteTime(),
            VariantKind.FlowMatching => new FlowMatching(),
            _ => new CrossEntropyBaseline(),
        };
}
