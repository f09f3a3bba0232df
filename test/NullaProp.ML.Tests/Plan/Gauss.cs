namespace NullaProp.ML.Tests.Plan;

/// <summary>Standard normal draws without a tensor.</summary>
internal static class Gauss
{
    /// <summary>Returns a draw, by Box and Muller.</summary>
    public static double Next(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
