using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Interop;

/// <summary>Which data never waits for rows that may not come, so that scoring may ask for as many as make a batch.</summary>
[TestClass]
public sealed class DataAtRestTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void Is_ListOrFile_IsAndSoIsACacheOverIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("rows.csv"), "1\n2\n");
        var list = Context.Data.LoadFromEnumerable(new[] { new Row(), new Row() });
        var file = Context.Data.LoadFromTextFile<Row>(folder.File("rows.csv"));

        foreach (var data in new[] { list, file, Context.Data.FilterRowsByColumn(file, "Value", lowerBound: 0) })
        {
            Assert.IsTrue(DataAtRest.Is(data));
            Assert.IsTrue(DataAtRest.Is(Context.Data.Cache(data)));
        }
    }

    [TestMethod]
    public void Is_SourceThatComesAsItIsRead_IsNotAndNeitherIsACacheOverIt()
    {
        var data = Context.Data.LoadFromEnumerable(Rows());

        Assert.IsFalse(DataAtRest.Is(data));
        Assert.IsFalse(DataAtRest.Is(Context.Data.Cache(data)));

        static IEnumerable<Row> Rows()
        {
            yield return new Row();
        }
    }

    private sealed class Row
    {
        [LoadColumn(0)]
        public float Value { get; set; }
    }
}
