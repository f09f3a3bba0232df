namespace NullaProp.ML.Tests.Diffusion;

/// <summary>The classical fourth-order method, an independent way to solve what the library solves in closed form.</summary>
internal static class RungeKutta
{
    /// <summary>Returns z(t₁) of dz/dt = slope(t, z) of a single number.</summary>
    public static double Solve(Func<double, double, double> slope, double z, double from, double to, int steps) =>
        Solve((t, point) => [slope(t, point[0])], [z], from, to, steps)[0];

    /// <summary>Returns z(t₁) of dz/dt = slope(t, z).</summary>
    public static double[] Solve(Func<double, double[], double[]> slope, double[] z, double from, double to, int steps)
    {
        var h = (to - from) / steps;
        for (var i = 0; i < steps; i++)
        {
            var t = from + (i * h);
            var k1 = slope(t, z);
            var k2 = slope(t + (h / 2), Moved(z, h / 2, k1));
            var k3 = slope(t + (h / 2), Moved(z, h / 2, k2));
            var k4 = slope(t + h, Moved(z, h, k3));
            z = [.. z.Select((x, d) => x + (h / 6 * (k1[d] + (2 * k2[d]) + (2 * k3[d]) + k4[d])))];
        }

        return z;
    }

    private static double[] Moved(double[] z, double by, double[] slope) => [.. z.Zip(slope, (x, k) => x + (by * k))];
}
