using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML;

/// <summary>Finds and changes the NoProp transformer in a fitted or loaded chain of transformers.</summary>
public static class NoPropChain
{
    /// <summary>Returns the transformers of a fitted or loaded chain one by one, those of chains in it too.</summary>
    /// <param name="model">The chain, or one transformer.</param>
    /// <returns>The transformers, in the order in which rows pass them; they live as long as the chain.</returns>
    /// <example><code>var loader = model.Steps().OfType&lt;ImageFileLoadingTransformer&gt;().First();</code></example>
    public static IEnumerable<ITransformer> Steps(this ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [model];
    }

    /// <summary>
    /// Finds the NoProp transformer in a fitted or loaded chain: its class names, its diagnosis, other ways to score.
    /// </summary>
    /// <param name="model">The chain, or the NoProp transformer alone.</param>
    /// <returns>The transformer; it lives as long as the chain.</returns>
    /// <exception cref="ArgumentException">The chain has no NoProp transformer, or several.</exception>
    /// <example>
    /// <code>
    /// var noprop = mlContext.Model.Load("model.zip", out _).GetNoPropTransformer();
    /// foreach (var (name, score) in noprop.Model.Classes(prediction.Score, most: 3))
    ///     Console.WriteLine($"{name}: {score:P1}");
    /// </code>
    /// </example>
    public static NoPropTransformer GetNoPropTransformer(this ITransformer model)
    {
        var steps = model.Steps().ToList();
        var classifiers = steps.OfType<NoPropTransformer>().ToList();
        var found = classifiers.Count == 0 ? "no NoProp transformer" : $"{classifiers.Count} NoProp transformers";
        return classifiers is [var classifier]
            ? classifier
            : throw UserFault.Of(new ArgumentException(
                $"The model has {found}, but must have one; its steps are " +
                $"{string.Join(", ", steps.Select(step => step.GetType().Name))}. " +
                (classifiers.Count == 0
                    ? "Fit a pipeline with mlContext.MulticlassClassification.Trainers.NoProp."
                    : "Take one of them out of the chain: chain.OfType<NoPropTransformer>().First()."),
                nameof(model)));
    }

    /// <summary>
    /// Returns a fitted or loaded chain with another NoProp transformer in the place of its own: one that scores otherwise, or whose
    /// columns have other names. It can be saved and used like the chain itself, which stays as it is.
    /// </summary>
    /// <param name="model">The chain, or the NoProp transformer alone.</param>
    /// <param name="change">Makes the other one, by <c>WithSampling</c>, <c>WithColumns</c> or <c>WithThreads</c>.</param>
    /// <returns>The other chain. Both hold the same other steps, and each its own NoProp transformer.</returns>
    /// <exception cref="ArgumentException">
    /// The chain has no NoProp transformer, or several, or the function returns <see langword="null"/>.
    /// </exception>
    /// <example>
    /// <code>
    /// var finer = model.WithNoProp(noprop => noprop.WithSampling(sampling => sampling with { SolverSteps = 40 }));
    /// mlContext.Model.SaveAtomically(finer, inputSchema, "finer.zip");
    /// </code>
    /// </example>
    public static ITransformer WithNoProp(this ITransformer model, Func<NoPropTransformer, NoPropTransformer> change)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(change);
        var classifier = model.GetNoPropTransformer();
        var other = change(classifier) ?? throw new ArgumentException(
            "The function returned null, but must return another transformer. Write noprop => noprop.WithSampling(…), or WithColumns.",
            nameof(change));
        return Replaced(model, classifier, other);
    }

    private static ITransformer Replaced(ITransformer step, NoPropTransformer old, NoPropTransformer other) =>
        step == old ? other : ChainSteps.With(step, inner => Replaced(inner, old, other));
}
