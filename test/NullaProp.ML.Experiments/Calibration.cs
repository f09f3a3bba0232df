using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Experiments;

/// <summary>Accuracy, log-loss and calibration of scored data, in one pass.</summary>
/// <param name="MicroAccuracy">The share of rows classified correctly, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label), in nats.</param>
/// <param name="ExpectedCalibrationError">
/// The mean gap between the highest probability and the accuracy over 15 equal bins, weighted by rows (Guo et al. 2017, arXiv 1706.04599),
/// 0 to 1.
/// </param>
internal sealed record Calibration(double MicroAccuracy, double LogLoss, double ExpectedCalibrationError)
{
    private const int Bins = 15;

    public static Calibration Of(IDataView scored)
    {
        var (correct, confidence, count) = (new double[Bins], new double[Bins], new int[Bins]);
        var loss = 0.0;
        using var cursor = scored.GetRowCursor([scored.Schema["Label"], scored.Schema["Score"]]);
        var getLabel = cursor.GetGetter<uint>(scored.Schema["Label"]);
        var getScore = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        var (label, score) = (0u, default(VBuffer<float>));
        while (cursor.MoveNext())
        {
            getLabel(ref label);
            getScore(ref score);
            var probabilities = score.GetValues();
            var best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(probabilities);
            var bin = Math.Min(Bins - 1, (int)(probabilities[best] * Bins));
            correct[bin] += best == label - 1 ? 1 : 0;
            confidence[bin] += probabilities[best];
            count[bin]++;
            loss -= Math.Log(Math.Max(probabilities[(int)label - 1], 1e-15));
        }

        var rows = (double)count.Sum();
        var gaps = Enumerable.Range(0, Bins).Sum(bin => Math.Abs(correct[bin] - confidence[bin]));
        return new Calibration(correct.Sum() / rows, loss / rows, gaps / rows);
    }
}
