using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Owns the weights of one model, by name. Networks ask it for their weights by name and shape; it draws them for training, each from a
/// stream of its own,
/// or takes them from a file when a model is loaded.
/// </summary>
/// <remarks>
/// Plain tensors rather than <c>torch.nn.Module</c>: modules draw their first values from the process-wide generator and take names from private fields.
/// </remarks>
internal sealed class Weights : IDisposable
{
    private readonly OrderedDictionary<string, (Weight Weight, WeightRole Role)> _byName = new(StringComparer.Ordinal);
    private readonly Lazy<Device> _device;
    private readonly BackboneStart? _start;
    private readonly IReadOnlyDictionary<string, HostTensor>? _stored;
    private readonly List<IDisposable> _owned = [];

    private Weights(Lazy<Device> device, RandomStreams streams, BackboneStart? start) =>
        (_device, Streams, _start) = (device, streams, start);

    private Weights(Lazy<Device> device, IReadOnlyDictionary<string, HostTensor> stored) => (_device, _stored) = (device, stored);

    /// <summary>Gets the source of first values; <see langword="null"/> where they come from a model file.</summary>
    public RandomStreams? Streams { get; }

    /// <summary>Gets or sets what makes the user's own image network; <see langword="null"/> until one is asked for that only its name tells.</summary>
    public Func<ImageShape, nn.Module<Tensor, Tensor>>? Module { get; set; }

    /// <summary>Gets the device that holds the weights.</summary>
    public Device Device => _device.Value;

    /// <summary>Gets the names and values, in the order in which the networks asked for them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Values => _byName.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight.Value));

    /// <summary>Gets the same in managed memory.</summary>
    public IEnumerable<KeyValuePair<string, HostTensor>> HostValues => _byName.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight.Host()));

    /// <summary>Gets the names and values of those that training changes.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Trained => TrainedWeights.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Value));

    /// <summary>Gets the names of those that training changes, and how many numbers each holds.</summary>
    public IEnumerable<KeyValuePair<string, long>> TrainedCounts => TrainedWeights.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Count));

    private IEnumerable<KeyValuePair<string, Weight>> TrainedWeights =>
        _byName.Where(pair => pair.Value.Role != WeightRole.Fixed).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight));

    /// <summary>Returns weights that are drawn as networks ask for them.</summary>
    /// <param name="streams">The source of randomness; a weight's stream is <c>weights/</c> and its name.</param>
    /// <param name="device">Where the weights shall be.</param>
    /// <param name="start">Weights that stand ready, such as pretrained ones; they take the place of drawn ones.</param>
    public static Weights Drawn(RandomStreams streams, Device device, BackboneStart? start = null) =>
        new(new Lazy<Device>(device), streams, start);

    /// <summary>Returns weights that are taken from a file as networks ask for them.</summary>
    /// <param name="stored">The file's tensors by name.</param>
    /// <param name="device">Where the weights shall be once they are tensors.</param>
    public static Weights Stored(IReadOnlyDictionary<string, HostTensor> stored, Lazy<Device> device) => new(device, stored);

    /// <summary>Returns whether every weight is a finite number.</summary>
    public bool AreFinite()
    {
        using var scope = NewDisposeScope();
        return Values.All(weight => weight.Value.isfinite().all().item<bool>());
    }

    /// <summary>Returns the scope of the whole model.</summary>
    public WeightScope Root() => new(this, string.Empty);

    /// <summary>Returns the scope whose names start with a word.</summary>
    /// <param name="name">The word, without a dot.</param>
    public WeightScope Under(string name) => new(this, name);

    /// <summary>Returns the names and weights of one role, for an optimizer.</summary>
    /// <param name="role">The role.</param>
    /// <param name="includes">Which weights are meant, by name; all of them where nothing is said.</param>
    public IEnumerable<KeyValuePair<string, Parameter>> OfRole(WeightRole role, Func<string, bool>? includes = null) => _byName
        .Where(weight => weight.Value.Role == role && includes?.Invoke(weight.Key) != false)
        .Select(weight => KeyValuePair.Create(weight.Key, (Parameter)weight.Value.Weight.Value));

    /// <summary>Makes one weight and keeps it.</summary>
    /// <param name="name">Its full name, not used before.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="role">How training treats it.</param>
    /// <param name="initializer">Its first value, where it is drawn.</param>
    /// <exception cref="FormatException">Weights come from a file, where this one is missing, of another shape, or not finite.</exception>
    public Weight Add(string name, long[] shape, WeightRole role, Initializer initializer)
    {
        var weight = _stored is null
            ? new Weight(OnDevice(() => First(name, shape, initializer), role))
            : new Weight(Found(name, shape), stored => OnDevice(stored.ToTensor, role));
        _byName.Add(name, (weight, role));
        return weight;
    }

    /// <summary>Makes a tensor of a module of the user's one of the weights: what changes one changes the other.</summary>
    /// <param name="name">Its full name, not used before.</param>
    /// <param name="own">The module's tensor, on this device. It keeps its value where weights are drawn, and takes the stored one where they are loaded.</param>
    /// <param name="role">How training treats it.</param>
    public void Adopt(string name, Tensor own, WeightRole role)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        if ((_stored is null ? _start?.Find(name, own.shape) : Found(name, own.shape).ToTensor()) is { } value)
        {
            own.copy_(value);
        }

        var parameter = own as Parameter ?? nn.Parameter(own.alias(), requires_grad: false);
        _byName.Add(name, (new Weight(parameter), role));
        parameter.DetachFromDisposeScope();
    }

    /// <summary>Keeps something that lives as long as the weights.</summary>
    /// <param name="owned">What to dispose of with them.</param>
    public void Own(IDisposable owned) => _owned.Add(owned);

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        foreach (var (weight, _) in _byName.Values)
        {
            weight.Dispose();
        }
    }

    private Tensor First(string name, long[] shape, Initializer initializer) =>
        _start?.Find(name, shape)?.clone() ?? initializer(shape, Streams!.Of($"weights/{name}"));

    private HostTensor Found(string name, long[] shape)
    {
        if (!_stored!.TryGetValue(name, out var value))
        {
            throw new FormatException($"The model file has no weight '{name}'; it was written by another program or is damaged. Train and save the model again.");
        }

        if (!value.Shape.SequenceEqual(shape))
        {
            throw new FormatException(
                $"The weight '{name}' in the model file is of shape ({string.Join(", ", value.Shape)}), "
                + $"but must be of shape ({string.Join(", ", shape)}). "
                + "Train and save the model again.");
        }

        return value.IsFinite()
            ? value
            : throw new FormatException($"The weight '{name}' in the model file holds NaN or infinity; it is damaged. Train and save the model again.");
    }

    // A parameter of the model in no dispose scope.
    private Tensor OnDevice(Func<Tensor> value, WeightRole role)
    {
        var device = _device.Value; // first: it says so where libtorch is missing
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var parameter = nn.Parameter(value().to(device).alias(), requires_grad: role != WeightRole.Fixed);
        return parameter.DetachFromDisposeScope();
    }
}
