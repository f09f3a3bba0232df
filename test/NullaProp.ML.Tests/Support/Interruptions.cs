using Microsoft.ML;
using NullaProp.ML.Randomness;

namespace NullaProp.ML.Tests.Support;

/// <summary>Trainings that are stopped at a place of the test's choice, and what they left compared by bits.</summary>
internal static class Interruptions
{
    /// <summary>Cancels a training with mirrored images in a step, which then still ends.</summary>
    public static void FitUntil(MLContext context, NoPropOptions options, IDataView data, NoPropRun run, int epoch, int step)
    {
        using var source = new CancellationTokenSource();
        var trainer = new NoPropTrainer(context, options, run with { CancellationToken = source.Token })
        {
            StreamsOf = seed => new RandomStreams(seed) { Asked = Listen },
        };

        Assert.Throws<OperationCanceledException>(() => trainer.Fit(data));

        void Listen(string name, int atEpoch, int atStep)
        {
            if (atEpoch == epoch && atStep == step && name.EndsWith("/flip", StringComparison.Ordinal))
            {
                source.Cancel();
            }
        }
    }

    /// <summary>Fails where two models differ in a bit of a weight.</summary>
    public static void AssertSameWeights(NoPropTransformer expected, NoPropTransformer actual)
    {
        var (first, second) = (Weights(expected), Weights(actual));
        CollectionAssert.AreEqual(first.Keys.ToArray(), second.Keys.ToArray());
        foreach (var (name, values) in first)
        {
            CollectionAssert.AreEqual(values, second[name], name);
        }
    }

    private static Dictionary<string, int[]> Weights(NoPropTransformer model) => model.Scorer.Model.Network.Weights.All.ToDictionary(
        weight => weight.Key,
        weight => Array.ConvertAll(weight.Value.Host().Values, BitConverter.SingleToInt32Bits));
}
