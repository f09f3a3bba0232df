using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>The mean of several models' class probabilities, summed up as the models come.</summary>
/// <param name="rows">The number of rows that each model scores, always in the same order.</param>
internal sealed class MeanScores(int rows)
{
    private const int Classes = 10;

    private readonly float[][] _sums = [.. Enumerable.Range(0, rows).Select(_ => new float[Classes])];
    private readonly uint[] _labels = new uint[rows];
    private int _models;

    /// <summary>Adds what one model makes of the rows.</summary>
    public void Add(IDataView scored)
    {
        using var cursor = scored.GetRowCursor([scored.Schema["Label"], scored.Schema["Score"]]);
        var getLabel = cursor.GetGetter<uint>(scored.Schema["Label"]);
        var getScore = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        var score = default(VBuffer<float>);
        for (var row = 0; cursor.MoveNext(); row++)
        {
            getLabel(ref _labels[row]);
            getScore(ref score);
            TensorPrimitives.Add(_sums[row], score.GetValues(), _sums[row]);
        }

        _models++;
    }

    /// <summary>Returns labels and mean probabilities.</summary>
    public IDataView ToData(MLContext mlContext) => mlContext.Data.LoadFromEnumerable(_sums.Select((sum, row) => new ScoredRow
    {
        Label = _labels[row] - 1,
        Score = [.. sum.Select(value => value / _models)],
    }).ToList());

    private sealed class ScoredRow
    {
        [KeyType(Classes)]
        public required uint Label { get; init; } // from 0: ML.NET adds 1 for its keys

        [VectorType(Classes)]
        public required float[] Score { get; init; }
    }
}
