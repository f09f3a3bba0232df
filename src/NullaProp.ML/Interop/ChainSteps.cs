using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Interop;

/// <summary>The steps of ML.NET's chains, with what each is for: training, testing, scoring.</summary>
internal static class ChainSteps
{
    /// <summary>Returns a chain whose steps are others, each for the same purposes.</summary>
    /// <param name="chain">The chain, ML.NET's or one of the user's own; what is none is returned as it is.</param>
    /// <param name="change">Returns the other step.</param>
    public static ITransformer With(ITransformer chain, Func<ITransformer, ITransformer> change) =>
        chain is ITransformerChainAccessor steps
            ? new TransformerChain<ITransformer>(steps.Transformers.Select(change), steps.Scopes)
            : chain is IEnumerable<ITransformer> own ? new TransformerChain<ITransformer>([.. own.Select(change)]) : chain;
}
