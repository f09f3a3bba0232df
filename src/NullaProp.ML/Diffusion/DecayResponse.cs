namespace NullaProp.ML.Diffusion;

/// <summary>
/// What dy/dτ = r(τ) − y with y(0) = 0 has reached after a time h: the two numbers of which exponential steps are made, exact to rounding
/// for any h.
/// </summary>
internal static class DecayResponse
{
    // Below this the closed form of a ramp loses digits, and the series has this many terms above 1e-17.
    private const double Small = 0.5;
    private const int Terms = 15;

    /// <summary>Returns y(h) where r is 1: 1 − e^−h.</summary>
    /// <param name="h">The time, any number.</param>
    public static double ToStep(double h)
    {
        var tangent = Math.Tanh(h / 2); // 1 − e^−h without a difference of nearly equal numbers
        return 2 * tangent / (1 + tangent);
    }

    /// <summary>Returns y(h) where r rises from 0 to 1 over the time h: 1 − (1 − e^−h)/h.</summary>
    /// <param name="h">The time, any number.</param>
    public static double ToRamp(double h) => Math.Abs(h) < Small ? Series(h) : 1 - (ToStep(h) / h);

    // h/2! − h²/3! + h³/4! − …
    private static double Series(double h)
    {
        var (term, sum) = (h / 2, 0.0);
        for (var k = 1; k <= Terms; k++)
        {
            sum += term;
            term *= -h / (k + 2);
        }

        return sum;
    }
}
