using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NullaProp.ML.Backends.Layers;

/// <summary>Where the rows that are multiplied with a matrix lie: each in pieces, as the rows of a convolution's window are.</summary>
/// <param name="Step">The way from a row to the next: that of a window from pixel to pixel.</param>
/// <param name="Pieces">The number of pieces of a row: the height of a window.</param>
/// <param name="Length">The length of a piece: the width of a window times the channels.</param>
/// <param name="Jump">The way from a piece to the next: the length of a row of the image.</param>
internal readonly record struct StripRows(int Step, int Pieces, int Length, int Jump);

/// <summary>
/// The loop that convolutions and batches of linear layers spend their time in: rows times a strip of a matrix. Four rows share each load
/// of a weight, and their eight sums need not wait for each other; eight rows where there are 32 registers. Each sum is taken in the order
/// of the inputs, so that its bits depend neither on that nor on the width of the processor's vectors.
/// </summary>
internal static class StripKernels
{
    /// <summary>The least number of rows, and what they are multiplied by groups of; of twice as many where there are enough.</summary>
    public const int Rows = 4;

    /// <summary>Multiplies rows with a strip, adds a bias, perhaps with ReLU; the last four rows may overlap those before.</summary>
    /// <param name="input">Where the rows lie.</param>
    /// <param name="start">Where the first one begins.</param>
    /// <param name="rows">How they lie.</param>
    /// <param name="count">How many, 4 or more.</param>
    /// <param name="strip">The strip, (inputs, width).</param>
    /// <param name="bias">The strip's biases, as many as it is wide; empty where there are none.</param>
    /// <param name="least">What smaller results are raised to: 0 where ReLU follows, −∞ where nothing does.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="step">The way from the results of a row to those of the next, at least the strip's width.</param>
    public static void Multiply(
        ReadOnlySpan<float> input,
        int start,
        StripRows rows,
        int count,
        ReadOnlySpan<float> strip,
        ReadOnlySpan<float> bias,
        float least,
        Span<float> output,
        int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, Rows);
        var width = strip.Length / (rows.Pieces * rows.Length);
        if (width is not (StripMatrix.Strip or StripMatrix.Strip / 2) || strip.Length != width * rows.Pieces * rows.Length
            || (bias.Length != width && bias.Length != 0))
        {
            throw new ArgumentException(
                $"A strip of {StripMatrix.Strip} or half as many outputs is needed, with as many biases or none.", nameof(strip));
        }

        _ = input[start + ((count - 1) * rows.Step) + ((rows.Pieces - 1) * rows.Jump) + rows.Length - 1]; // the last value read
        _ = output[((count - 1) * step) + width - 1]; // the last one written
        if (Vector512.IsHardwareAccelerated)
        {
            Multiply<Vectors512, Vector512<float>>(input[start..], rows, count, strip, bias, least, output, step);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Multiply<Vectors256, Vector256<float>>(input[start..], rows, count, strip, bias, least, output, step);
        }
        else
        {
            Multiply<Vectors128, Vector128<float>>(input[start..], rows, count, strip, bias, least, output, step);
        }
    }

    /// <summary>Multiplies by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">A vector.</typeparam>
    /// <param name="input">As above, from the first row on.</param>
    /// <param name="rows">As above.</param>
    /// <param name="count">As above.</param>
    /// <param name="strip">As above.</param>
    /// <param name="bias">As above.</param>
    /// <param name="least">As above.</param>
    /// <param name="output">As above.</param>
    /// <param name="step">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVectors, TVector>(
        ReadOnlySpan<float> input,
        StripRows rows,
        int count,
        ReadOnlySpan<float> strip,
        ReadOnlySpan<float> bias,
        float least,
        Span<float> output,
        int step)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var width = strip.Length / (rows.Pieces * rows.Length);
        ref var weights = ref MemoryMarshal.GetReference(strip);
        var done = 0;
        if (TVectors.Count == ManagedKernels.Lanes && width == StripMatrix.Strip)
        {
            for (; done + (2 * Rows) <= count; done += 2 * Rows)
            {
                ref var values = ref Unsafe.Add(ref MemoryMarshal.GetReference(input), done * rows.Step);
                ref var target = ref Unsafe.Add(ref MemoryMarshal.GetReference(output), done * step);
                var ahead = done < 4 * Rows ? strip.Length + (done / (2 * Rows) * TVectors.Count) : 0;
                EightRows<TVectors, TVector>(ref values, rows, ref weights, ahead, bias, least, ref target, step);
            }
        }

        for (var row = done; row < count; row += Rows)
        {
            var first = Math.Min(row, count - Rows);
            ref var values = ref Unsafe.Add(ref MemoryMarshal.GetReference(input), first * rows.Step);
            ref var target = ref Unsafe.Add(ref MemoryMarshal.GetReference(output), first * step);
            var column = 0;
            for (; column + (2 * TVectors.Count) <= width; column += 2 * TVectors.Count)
            {
                TwoVectors<TVectors, TVector>(ref values, rows, ref weights, width, column, bias, least, ref target, step);
            }

            for (; column < width; column += TVectors.Count)
            {
                OneVector<TVectors, TVector>(ref values, rows, ref weights, width, column, bias, least, ref target, step);
            }
        }
    }

    // Eight rows and two vectors: what 32 registers have room for. A matrix larger than the cache is waited for while it is multiplied with
    // the first eight, and the way to memory idles meanwhile with the others; so each of the first two eights fetches half of what lies
    // ahead, the next strip.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightRows<TVectors, TVector>(
        ref float values, StripRows rows, ref float weights, int ahead, ReadOnlySpan<float> bias, float least, ref float target, int step)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var a = Start<TVectors, TVector>(bias, 0);
        var nextA = Start<TVectors, TVector>(bias, TVectors.Count);
        var (b, c, d, e, f, g, h) = (a, a, a, a, a, a, a);
        var (nextB, nextC, nextD, nextE, nextF, nextG, nextH) = (nextA, nextA, nextA, nextA, nextA, nextA, nextA);
        ref var weight = ref weights;
        for (var piece = 0; piece < rows.Pieces; piece++)
        {
            ref var upper = ref Unsafe.Add(ref values, piece * rows.Jump);
            ref var lower = ref Unsafe.Add(ref upper, 4 * rows.Step);
            for (var place = 0; place < rows.Length; place++)
            {
                var (factor, nextFactor) = (TVectors.Load(ref weight, 0), TVectors.Load(ref weight, TVectors.Count));
                Fetch(ref Unsafe.Add(ref weight, ahead));
                weight = ref Unsafe.Add(ref weight, 2 * TVectors.Count);
                var value = TVectors.Of(upper);
                a = TVectors.MultiplyAdd(value, factor, a);
                nextA = TVectors.MultiplyAdd(value, nextFactor, nextA);
                value = TVectors.Of(Unsafe.Add(ref upper, rows.Step));
                b = TVectors.MultiplyAdd(value, factor, b);
                nextB = TVectors.MultiplyAdd(value, nextFactor, nextB);
                value = TVectors.Of(Unsafe.Add(ref upper, 2 * rows.Step));
                c = TVectors.MultiplyAdd(value, factor, c);
                nextC = TVectors.MultiplyAdd(value, nextFactor, nextC);
                value = TVectors.Of(Unsafe.Add(ref upper, 3 * rows.Step));
                d = TVectors.MultiplyAdd(value, factor, d);
                nextD = TVectors.MultiplyAdd(value, nextFactor, nextD);
                value = TVectors.Of(lower);
                e = TVectors.MultiplyAdd(value, factor, e);
                nextE = TVectors.MultiplyAdd(value, nextFactor, nextE);
                value = TVectors.Of(Unsafe.Add(ref lower, rows.Step));
                f = TVectors.MultiplyAdd(value, factor, f);
                nextF = TVectors.MultiplyAdd(value, nextFactor, nextF);
                value = TVectors.Of(Unsafe.Add(ref lower, 2 * rows.Step));
                g = TVectors.MultiplyAdd(value, factor, g);
                nextG = TVectors.MultiplyAdd(value, nextFactor, nextG);
                value = TVectors.Of(Unsafe.Add(ref lower, 3 * rows.Step));
                h = TVectors.MultiplyAdd(value, factor, h);
                nextH = TVectors.MultiplyAdd(value, nextFactor, nextH);
                upper = ref Unsafe.Add(ref upper, 1);
                lower = ref Unsafe.Add(ref lower, 1);
            }
        }

        Store<TVectors, TVector>(least, ref target, 0, step, a, b, c, d);
        Store<TVectors, TVector>(least, ref target, TVectors.Count, step, nextA, nextB, nextC, nextD);
        ref var below = ref Unsafe.Add(ref target, 4 * step);
        Store<TVectors, TVector>(least, ref below, 0, step, e, f, g, h);
        Store<TVectors, TVector>(least, ref below, TVectors.Count, step, nextE, nextF, nextG, nextH);
    }

    // Four rows and two vectors of outputs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoVectors<TVectors, TVector>(
        ref float values,
        StripRows rows,
        ref float weights,
        int width,
        int column,
        ReadOnlySpan<float> bias,
        float least,
        ref float target,
        int step)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var first = Start<TVectors, TVector>(bias, column);
        var next = Start<TVectors, TVector>(bias, column + TVectors.Count);
        var (second, third, fourth) = (first, first, first);
        var (nextSecond, nextThird, nextFourth) = (next, next, next);
        var weight = column;
        for (var piece = 0; piece < rows.Pieces; piece++)
        {
            var place = piece * rows.Jump;
            for (var end = place + rows.Length; place < end; place++, weight += width)
            {
                var (factor, nextFactor) = (TVectors.Load(ref weights, weight), TVectors.Load(ref weights, weight + TVectors.Count));
                var value = TVectors.Of(Unsafe.Add(ref values, place));
                first = TVectors.MultiplyAdd(value, factor, first);
                next = TVectors.MultiplyAdd(value, nextFactor, next);
                value = TVectors.Of(Unsafe.Add(ref values, place + rows.Step));
                second = TVectors.MultiplyAdd(value, factor, second);
                nextSecond = TVectors.MultiplyAdd(value, nextFactor, nextSecond);
                value = TVectors.Of(Unsafe.Add(ref values, place + (2 * rows.Step)));
                third = TVectors.MultiplyAdd(value, factor, third);
                nextThird = TVectors.MultiplyAdd(value, nextFactor, nextThird);
                value = TVectors.Of(Unsafe.Add(ref values, place + (3 * rows.Step)));
                fourth = TVectors.MultiplyAdd(value, factor, fourth);
                nextFourth = TVectors.MultiplyAdd(value, nextFactor, nextFourth);
            }
        }

        Store<TVectors, TVector>(least, ref target, column, step, first, second, third, fourth);
        Store<TVectors, TVector>(least, ref target, column + TVectors.Count, step, next, nextSecond, nextThird, nextFourth);
    }

    // Four rows and one vector: what is left of a strip of half the width.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector<TVectors, TVector>(
        ref float values,
        StripRows rows,
        ref float weights,
        int width,
        int column,
        ReadOnlySpan<float> bias,
        float least,
        ref float target,
        int step)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var first = Start<TVectors, TVector>(bias, column);
        var (second, third, fourth) = (first, first, first);
        var weight = column;
        for (var piece = 0; piece < rows.Pieces; piece++)
        {
            var place = piece * rows.Jump;
            for (var end = place + rows.Length; place < end; place++, weight += width)
            {
                var factor = TVectors.Load(ref weights, weight);
                first = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, place)), factor, first);
                second = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, place + rows.Step)), factor, second);
                third = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, place + (2 * rows.Step))), factor, third);
                fourth = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, place + (3 * rows.Step))), factor, fourth);
            }
        }

        Store<TVectors, TVector>(least, ref target, column, step, first, second, third, fourth);
    }

    // Into the second cache. Whatever lies there: beyond the last strip it is not the matrix any more, and nothing reads it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Fetch(ref float place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(Unsafe.AsPointer(ref place));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Start<TVectors, TVector>(ReadOnlySpan<float> bias, int column)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct =>
        bias.IsEmpty ? TVectors.Of(0) : TVectors.Load(ref MemoryMarshal.GetReference(bias), column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVectors, TVector>(
        float least, ref float target, int column, int step, TVector first, TVector second, TVector third, TVector fourth)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var floor = TVectors.Of(least);
        TVectors.Store(TVectors.Max(first, floor), ref target, column);
        TVectors.Store(TVectors.Max(second, floor), ref target, column + step);
        TVectors.Store(TVectors.Max(third, floor), ref target, column + (2 * step));
        TVectors.Store(TVectors.Max(fourth, floor), ref target, column + (3 * step));
    }
}
