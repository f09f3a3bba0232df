using System.Reflection;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class SamplingOptionsTests
{
    [TestMethod]
    public void Copy_OptionsThatDifferEverywhere_TakesExactlyTheNamedOnes()
    {
        var to = new NoPropOptions();
        var from = Different(to);

        var copy = SamplingOptions.Copy(from, to);

        var named = SamplingOptions.Names.Split(", ");
        foreach (var property in Properties)
        {
            var isTaken = named.Contains(property.Name) || property.Name.EndsWith("ColumnName", StringComparison.Ordinal);
            Assert.AreEqual(property.GetValue(isTaken ? from : to), property.GetValue(copy), property.Name);
        }
    }

    [TestMethod]
    public void Names_OfOptions_AreTheOnesThatSamplingReads()
    {
        Assert.AreEqual("Dynamics, Solver, SolverSteps, SolverTolerance, ScoreReadout, ReadoutMaxLogSnr, EarlyExit, Draws, and column names", SamplingOptions.Names);
    }

    private static IEnumerable<PropertyInfo> Properties => typeof(NoPropOptions).GetProperties().Where(property => property.CanWrite);

    private static NoPropOptions Different(NoPropOptions options)
    {
        var different = options with { };
        foreach (var property in Properties)
        {
            property.SetValue(different, Other(property.GetValue(options), property.PropertyType));
        }

        return different;
    }

    private static object Other(object? value, Type type) => value switch
    {
        string text => text + "2",
        int number => number + 1,
        long number => number + 1,
        double number => number + 0.5,
        Enum choice => Enum.ToObject(type, Convert.ToInt32(choice, System.Globalization.CultureInfo.InvariantCulture) == 0 ? 1 : 0),
        null when type == typeof(string) => "Other",
        null when type == typeof(int?) => 3,
        null when type == typeof(ClassWeights) => new ClassWeights([new("cat", 2)]),
        null when type == typeof(ImageShape) => new ImageShape(1, 9, 9),
        _ => throw new NotSupportedException($"Say here what differs from a {type.Name}."),
    };
}
