using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// The part of a pretrained network that training leaves as it is. What it sees in a photo is computed once; a model of that is trained,
/// and becomes a model of photos at the end.
/// </summary>
internal sealed class FrozenTrunk : IDisposable
{
    private const string BackboneName = "backbone";

    private readonly Weights _weights;
    private readonly PixelNormalization _scale;
    private readonly ResNetBackbone _network;
    private readonly HashSet<string> _taken;
    private readonly Lazy<BatchLayers?> _toFeatures; // on the CPU
    private readonly Lazy<BatchLayers?> _belowLastStage;

    /// <summary>Creates the trunk.</summary>
    /// <param name="values">Weights of a whole model, or those of the trunk; names that the trunk does not have are passed over.</param>
    /// <param name="device">Where it shall compute.</param>
    /// <exception cref="FormatException">A weight is missing or of another shape.</exception>
    public FrozenTrunk(IReadOnlyDictionary<string, HostTensor> values, Device device)
    {
        _weights = Weights.Promised(new Lazy<Device>(device));
        _scale = PretrainedBackbone.PixelScale(_weights.Root());
        _network = new ResNetBackbone(_weights.Under(BackboneName), ResNetDepth.OfPretrained, PretrainedBackbone.Shape, features: 1);
        var own = _weights.All.Where(weight => !weight.Key.StartsWith($"{BackboneName}.output.", StringComparison.Ordinal)).ToList();
        _taken = [.. own.Select(weight => weight.Key)];
        _toFeatures = OnProcessor(_network.LayersToFeatures);
        _belowLastStage = OnProcessor(_network.LayersBelowLastStage);
        foreach (var (name, weight) in own)
        {
            _weights.Take(name, values.TryGetValue(name, out var value) && value.Shape.SequenceEqual(weight.Shape)
                ? value
                : throw new FormatException($"the weight '{name}' is missing or not of shape ({string.Join(", ", weight.Shape)})"));
        }
    }

    /// <summary>Returns a copy of the trunk of a whole model.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="device">Where the copy shall compute.</param>
    public static FrozenTrunk Of(Denoiser model, Device device) =>
        new(model.Weights.All.ToDictionary(weight => weight.Key, weight => weight.Value.Host()), device);

    /// <summary>Returns a hash of the weights, 64 hexadecimal digits.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, weight) in _weights.All.Where(weight => _taken.Contains(weight.Key)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(weight.Host().Values.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the features of photos.</summary>
    /// <param name="pixels">Raw pixels, rows × 3·224·224, red, green and blue of 0 to 255.</param>
    /// <param name="features">Where to write, rows × 512.</param>
    public void Features(ReadOnlySpan<float> pixels, Span<float> features) => Write(
        pixels,
        images => _toFeatures.Value?.Features(images) ?? PretrainedBackbone.Features(_network, Scaled(images)), // (B, 512)
        features);

    /// <summary>Writes what the last stage reads of photos.</summary>
    /// <param name="pixels">Raw pixels, as above.</param>
    /// <param name="maps">Where to write, rows × 256·14·14.</param>
    public void MapsBelowLastStage(ReadOnlySpan<float> pixels, Span<float> maps) => Write(
        pixels,
        images => _belowLastStage.Value?.Maps(images) ?? _network.MapsBelowLastStage(Scaled(images), training: null),
        maps);

    /// <summary>Returns the model of photos that computes what it sees and then what the upper part of a model computes.</summary>
    /// <param name="upper">From <see cref="Upper"/>, or one that was drawn; what it trained is in the place of this trunk's. It stays the
    /// caller's.</param>
    /// <param name="options">The options of both.</param>
    public Denoiser Under(Denoiser upper, NoPropOptions options)
    {
        var joined = new Denoiser(Weights.Promised(new Lazy<Device>(_weights.Device)), options, PretrainedBackbone.Shape, upper.ClassCount);
        var values = _weights.All.Where(weight => _taken.Contains(weight.Key)).ToDictionary();
        foreach (var (name, weight) in upper.Weights.All)
        {
            values[name] = weight;
        }

        foreach (var name in joined.Weights.All.Select(weight => weight.Key).ToList())
        {
            joined.Weights.Take(name, values[name].Host());
        }

        return joined;
    }

    /// <summary>Returns a copy of the upper part of a model of photos, to train it further.</summary>
    /// <param name="model">The model of photos; it stays the caller's.</param>
    /// <param name="options">Options of the same architecture.</param>
    /// <param name="shape">The size of what the part reads; of photos for all of it.</param>
    /// <param name="device">Where the copy shall be.</param>
    public static Denoiser Upper(Denoiser model, NoPropOptions options, ImageShape shape, Device device)
    {
        var upper = new Denoiser(Weights.Promised(new Lazy<Device>(device)), options, shape, model.ClassCount);
        var values = model.Weights.All.ToDictionary();
        foreach (var (name, weight) in upper.Weights.All.ToList())
        {
            upper.Weights.Take(name, values.TryGetValue(name, out var value) ? value.Host() : Identity(name, weight.Shape));
        }

        return upper;
    }

    /// <inheritdoc/>
    public void Dispose() => _weights.Dispose();

    private Lazy<BatchLayers?> OnProcessor(Func<IReadOnlyList<BackboneLayer>> layers) => new(() =>
        _weights.Device.type == TorchSharp.DeviceType.CPU ? new BatchLayers(layers(), PretrainedBackbone.Shape, _scale) : null);

    private Tensor Scaled(Tensor images) => _scale.Apply(images.to(_weights.Device));

    private static void Write(ReadOnlySpan<float> pixels, Func<Tensor, Tensor> network, Span<float> target)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var shape = PretrainedBackbone.Shape;
        var images = empty([pixels.Length / shape.Size, shape.Channels, shape.Height, shape.Width], dtype: ScalarType.Float32, device: CPU);
        pixels.CopyTo(MemoryMarshal.Cast<byte, float>(images.bytes));
        var seen = network(images).cpu();
        if (!seen.isfinite().all().item<bool>())
        {
            throw new InvalidOperationException(
                "What the pretrained network sees in a photo is NaN or infinite: its weights are damaged. Restore its package, or what "
                    + $"{nameof(NoPropOptions.BackboneWeightsPath)} names.");
        }

        MemoryMarshal.Cast<byte, float>(seen.contiguous().bytes).CopyTo(target);
    }

    // The scaling that leaves what the last stage reads as it is.
    private static HostTensor Identity(string name, IReadOnlyList<long> shape)
    {
        var count = shape.Aggregate(1L, (product, size) => product * size);
        return new HostTensor([.. shape], [.. Enumerable.Repeat(name.EndsWith(".scale", StringComparison.Ordinal) ? 1f : 0f, (int)count)]);
    }
}
