using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A model that an earlier version saved must load and score as it did then, for as long as its format is read.</summary>
[TestClass]
public sealed class EarlierModelTests
{
    private const int Rows = 8;
    private static readonly string[] Names = ["cat", "dog", "owl"];

    [TestMethod]
    [DataRow("format-1.1")]
    public void Load_ModelOfAnEarlierVersion_ScoresAsItDidThen(string name)
    {
        var context = new MLContext();
        var expected = File.ReadAllLines(Model($"{name}.txt")).Select(Numbers).ToArray();

        var model = context.Model.Load(Model($"{name}.zip"), out _);
        var scored = model.Transform(context.Data.LoadFromEnumerable(Enumerable.Range(0, Rows).Select(row => new Row(row))));
        var scores = scored.GetColumn<float[]>("Score").ToArray();

        Assert.HasCount(expected.Length, scores);
        for (var row = 0; row < Rows; row++)
        {
            for (var k = 0; k < expected[row].Length; k++)
            {
                Assert.AreEqual(expected[row][k], scores[row][k], 1e-5f); // another processor may round otherwise
            }
        }

        var likeliest = expected.Select(row => Names[Array.IndexOf(row, row.Max())]).ToArray();
        CollectionAssert.AreEqual(likeliest, scored.GetColumn<string>("PredictedLabel").ToArray());
        ((IDisposable)model).Dispose();
    }

    private static string Model(string name) => Repository.PathOf("test", "NullaProp.ML.Tests", "MLNet", "Models", name);

    private static float[] Numbers(string line) => [.. line.Split(' ').Select(number => float.Parse(number, CultureInfo.InvariantCulture))];

    private sealed class Row
    {
        public Row(int row)
        {
            Features = [.. Enumerable.Range(0, 64).Select(pixel => (byte)(((row * 31) + (pixel * 7 * (row + 1))) % 256))];
            Label = Names[row % 3];
        }

        [VectorType(1, 8, 8)]
        public byte[] Features { get; }

        public string Label { get; }
    }
}
