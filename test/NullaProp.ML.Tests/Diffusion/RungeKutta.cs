namespace NullaProp.ML.Tests.Diffusion;

/// <summary>The classical fourth-order method, an independent way to solve what the library solves in closed form.</summary>
internal static class RungeKutta
{
    /// <summary>Returns z(t₁) of dz/dt = slope(t, z).</summary>
    public static double Solve(Func<double, double, double> slope, double z, double from, double to, int steps)
    {
        var h = (to - from) / steps;
        for (var i = 0; i < steps; i++)
        {
            var t = from + (i * h);
            var k1 = slope(t, z);
            var k2 = slope(t + (h / 2), z + (h / 2 * k1));
            var k3 = slope(t + (h / 2), z + (h / 2 * k2));
            var k4 = slope(t + h, z + (h * k3));
            z += h / 6 * (k1 + (2 * k2) + (2 * k3) + k4);
        }

        return z;
    }
}
