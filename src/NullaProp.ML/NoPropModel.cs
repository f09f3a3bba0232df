using System.Globalization;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Storage;

namespace NullaProp.ML;

/// <summary>What a trained model is: its options, sizes and class names.</summary>
/// <threadsafety>Immutable; may be read from any thread, also after the transformer was disposed of.</threadsafety>
public sealed class NoPropModel
{
    internal NoPropModel(StoredModel stored)
    {
        Options = stored.Options;
        ImageShape = stored.Shape;
        ClassCount = stored.Classes;
        ClassNames = ClassValues.NamesOf(stored.Keys, stored.Classes);
        Seed = stored.Seed;
        EmbeddingNorm = stored.Network.Embedding.MeanNorm();
        Summary = ModelSummary.Of(stored.Network.Weights);
    }

    /// <summary>
    /// Gets the options that the model was trained with and scores by; but for <see cref="NoPropOptions.FineTuning"/> and
    /// <see cref="NoPropOptions.BackboneWeightsPath"/>, which a model does not keep: give the first anew where the model is trained
    /// further.
    /// </summary>
    public NoPropOptions Options { get; }

    /// <summary>Gets the size of the images.</summary>
    public ImageShape ImageShape { get; }

    /// <summary>Gets the number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>Gets the names of the classes in the order of the scores; the numbers from 0 where the label was a bare key.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Gets the random seed that training used, also where the options left it open.</summary>
    public int Seed { get; }

    /// <summary>
    /// Gets the mean Euclidean norm of the class embeddings; near 0 they have collapsed and the noisy label carries no class.
    /// </summary>
    public double EmbeddingNorm { get; }

    /// <summary>Gets the parts of the model and their numbers of trained weights.</summary>
    public ModelSummary Summary { get; }

    /// <summary>Returns classes with their scores, the most probable first.</summary>
    /// <param name="scores">What a row has in the score column: one value for each class.</param>
    /// <param name="most">How many classes at most, 1 or more.</param>
    /// <returns>Name and score of each class; equal scores in the order of <see cref="ClassNames"/>.</returns>
    /// <exception cref="ArgumentException">There are more or fewer scores than classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is below 1.</exception>
    /// <example><code>var (name, score) = model.Model.Classes(prediction.Score, most: 1)[0];</code></example>
    public IReadOnlyList<(string Name, float Score)> Classes(ReadOnlySpan<float> scores, int most = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        CheckScores(scores);
        return [.. ClassNames.Zip(scores.ToArray()).OrderByDescending(pair => pair.Second).Take(most)];
    }

    /// <summary>Returns the most probable class, or nothing where its score is too low to be believed.</summary>
    /// <param name="scores">What a row has in the score column: one value for each class.</param>
    /// <param name="threshold">The lowest score to answer with, from <see cref="RejectionThreshold.Score"/>.</param>
    /// <returns>The class's name; <see langword="null"/> for "none of these", also where a score is not a number.</returns>
    /// <exception cref="ArgumentException">There are more or fewer scores than classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is not from 0 to 1.</exception>
    public string? ClassOrNone(ReadOnlySpan<float> scores, float threshold)
    {
        if (threshold is not (>= 0 and <= RejectionThreshold.MostScore))
        {
            throw new ArgumentOutOfRangeException(
                nameof(threshold),
                string.Create(CultureInfo.InvariantCulture, $"The threshold is {threshold}, but must be from 0 to 1, as a score is."));
        }

        CheckScores(scores);
        var best = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            if (float.IsNaN(scores[i]))
            {
                return null;
            }

            best = scores[i] > scores[best] ? i : best;
        }

        return scores[best] >= threshold ? ClassNames[best] : null;
    }

    private void CheckScores(ReadOnlySpan<float> scores)
    {
        if (scores.Length != ClassCount)
        {
            throw new ArgumentException(
                $"There are {scores.Length} scores, but the model has {ClassCount} classes. Give the values of one row of column "
                + $"'{Options.ScoreColumnName}'; ML.NET fills a property of that name alone.",
                nameof(scores));
        }
    }
}
