using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace NullaProp.ML.Randomness;

/// <summary>
/// The random numbers of one name at one position. Each call goes on where the last one ended, at a new counter. Words, whole numbers and
/// uniform numbers are the same on every machine; normal ones up to the last bits of its logarithm, sine and cosine.
/// </summary>
/// <param name="key">The key of the name.</param>
/// <param name="epoch">The epoch.</param>
/// <param name="step">The step.</param>
/// <threadsafety>For one thread at a time.</threadsafety>
internal sealed class RandomStream(ulong key, int epoch, int step)
{
    private const int ChunkPairs = 256; // of normal numbers
    private const int Chunk = 2 * ChunkPairs;
    private const int BufferedWords = 256;
    private const float UniformUnit = 1f / (1 << 24); // a float holds 24 bits

    private ulong _next; // the counter's index
    private uint[] _buffer = []; // of words for whole numbers
    private int _read;

    /// <summary>Draws words, each of 32 random bits.</summary>
    /// <param name="words">Where to.</param>
    public void Words(Span<uint> words)
    {
        Philox.Fill(words, key, _next, (uint)step, (uint)epoch);
        _next += ((ulong)words.Length + Philox.WordsPerBlock - 1) / Philox.WordsPerBlock;
    }

    /// <summary>Draws 64 random bits.</summary>
    public ulong Word64() => Word() | ((ulong)Word() << 32);

    /// <summary>Draws a number uniform on [0, 1), with all 53 bits that it can hold.</summary>
    public double Uniform() => (Word64() >> 11) * (1.0 / (1L << 53));

    /// <summary>Draws a number uniform between two.</summary>
    /// <param name="lowest">The lower one.</param>
    /// <param name="highest">The upper one, never reached but by rounding.</param>
    public double Between(double lowest, double highest) => lowest + ((highest - lowest) * Uniform());

    /// <summary>Draws several of something.</summary>
    /// <param name="count">How many.</param>
    /// <param name="draw">Draws one.</param>
    public T[] Draws<T>(long count, Func<RandomStream, T> draw)
    {
        var draws = new T[count];
        for (var i = 0; i < draws.Length; i++)
        {
            draws[i] = draw(this);
        }

        return draws;
    }

    /// <summary>Draws numbers uniform on [0, 1), multiples of 2⁻²⁴.</summary>
    /// <param name="values">Where to.</param>
    public void Uniform(Span<float> values)
    {
        var words = MemoryMarshal.Cast<float, uint>(values); // the same memory
        Words(words);
        TensorPrimitives.ShiftRightLogical(words, 8, words);
        TensorPrimitives.ConvertTruncating<int, float>(MemoryMarshal.Cast<uint, int>(words), values);
        TensorPrimitives.Multiply(values, UniformUnit, values);
    }

    /// <summary>Draws from N(0, 1) by the transform of Box and Muller (1958): √(−2·ln u)·(cos 2πv, sin 2πv).</summary>
    /// <param name="values">Where to. Fewer of them are the first of more.</param>
    public void Normal(Span<float> values)
    {
        var counter = _next;
        _next += (ulong)((values.Length + Chunk - 1) / Chunk) * Chunk / Philox.WordsPerBlock; // whole chunks
        Normal(values, counter);
    }

    /// <summary>Draws 1 with a probability, to 32 bits, else 0.</summary>
    /// <param name="values">Where to.</param>
    /// <param name="probability">0 to 1.</param>
    public void Bernoulli(Span<float> values, double probability)
    {
        var words = MemoryMarshal.Cast<float, uint>(values); // the same memory
        Words(words);
        var below = (ulong)Math.Round(probability * (1L << 32)); // of 2³² words, those that give 1
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = words[i] < below ? 1 : 0;
        }
    }

    /// <summary>Draws a whole number, each equally often (Lemire 2019, arXiv 1805.10941).</summary>
    /// <param name="count">The numbers are 0 to below this, 1 or more.</param>
    public int Below(int count)
    {
        var product = (ulong)Word() * (uint)count;
        if ((uint)product < (uint)count)
        {
            var least = unchecked(0u - (uint)count) % (uint)count; // 2³² mod count: so many words are too many
            while ((uint)product < least)
            {
                product = (ulong)Word() * (uint)count;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws an order, each of them equally often (Fisher and Yates).</summary>
    /// <param name="count">n.</param>
    /// <returns>The numbers 0 to n−1, each once.</returns>
    public long[] Permutation(int count)
    {
        var order = new long[count];
        for (var i = 0; i < count; i++)
        {
            var place = Below(i + 1);
            order[i] = order[place];
            order[place] = i;
        }

        return order;
    }

    /// <summary>Returns a generator of .NET's, as ML.NET's cursors take them, with the next draw as its seed.</summary>
    public Random ForMLNet() => new(Below(int.MaxValue));

    /// <summary>Returns a new tensor on the CPU, uniform on [0, 1).</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="dtype">Its floating-point type.</param>
    public Tensor Uniform(long[] shape, ScalarType dtype) => Filled(shape, dtype, Uniform);

    /// <summary>Returns a new tensor on the CPU, of N(0, 1).</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="dtype">Its floating-point type.</param>
    /// <remarks>On the caller's thread: libtorch's own wait for their next work at full speed and leave no processor to others.</remarks>
    public Tensor Normal(long[] shape, ScalarType dtype) => Filled(shape, dtype, Normal);

    /// <summary>Returns a new tensor on the CPU that is 1 with a probability, else 0.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="dtype">Its floating-point type.</param>
    /// <param name="probability">0 to 1.</param>
    public Tensor Bernoulli(long[] shape, ScalarType dtype, double probability) =>
        Filled(shape, dtype, values => Bernoulli(values, probability));

    private static Tensor Filled(long[] shape, ScalarType dtype, Action<Span<float>> fill)
    {
        using var scope = NewDisposeScope();
        var values = empty(shape, dtype: ScalarType.Float32, device: CPU);
        fill(MemoryMarshal.Cast<byte, float>(values.bytes));
        return values.to(dtype).MoveToOuterDisposeScope();
    }

    private void Normal(Span<float> values, ulong counter)
    {
        Span<uint> words = stackalloc uint[Chunk];
        Span<float> numbers = stackalloc float[Chunk];
        for (; !values.IsEmpty; values = values[Math.Min(Chunk, values.Length)..])
        {
            Philox.Fill(words, key, counter, (uint)step, (uint)epoch);
            counter += Chunk / Philox.WordsPerBlock;
            Pairs(words, numbers);
            numbers[..Math.Min(Chunk, values.Length)].CopyTo(values);
        }
    }

    // u = (w + ½)/2³² is never 0, and as fine as a float can be near 0, where the large numbers come from.
    private static void Pairs(ReadOnlySpan<uint> words, Span<float> numbers)
    {
        const float unit = 1f / (1L << 32);
        Span<float> radii = stackalloc float[ChunkPairs];
        Span<float> angles = stackalloc float[ChunkPairs];
        TensorPrimitives.ConvertTruncating(words[..ChunkPairs], radii);
        TensorPrimitives.Add(radii, 0.5f, radii);
        TensorPrimitives.Multiply(radii, unit, radii);
        TensorPrimitives.Log(radii, radii);
        TensorPrimitives.Multiply(radii, -2, radii);
        TensorPrimitives.Sqrt(radii, radii);
        TensorPrimitives.ConvertTruncating(words[ChunkPairs..], angles);
        TensorPrimitives.Multiply(angles, 2 * MathF.PI * unit, angles);
        TensorPrimitives.Cos(angles, numbers[..ChunkPairs]);
        TensorPrimitives.Sin(angles, numbers[ChunkPairs..]);
        TensorPrimitives.Multiply(numbers[..ChunkPairs], radii, numbers[..ChunkPairs]);
        TensorPrimitives.Multiply(numbers[ChunkPairs..], radii, numbers[ChunkPairs..]);
    }

    private uint Word()
    {
        if (_read == _buffer.Length)
        {
            _buffer = _buffer.Length == 0 ? new uint[BufferedWords] : _buffer;
            Words(_buffer);
            _read = 0;
        }

        return _buffer[_read++];
    }
}
