using System.Globalization;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Owns the weights of one model, by name. Networks ask it for their weights by name and shape; it draws them for training, each from a
/// stream of its own, or promises them when a model is loaded: so the shapes that a file must hold are known before any of it is read.
/// </summary>
/// <remarks>
/// Plain tensors rather than <c>torch.nn.Module</c>: modules draw their first values from the process-wide generator and take names from
/// private fields.
/// </remarks>
internal sealed class Weights : IDisposable
{
    /// <summary>The most numbers of one weight: 2 GiB, as many as TorchSharp hands over at once.</summary>
    public const long MostNumbers = int.MaxValue / sizeof(float);

    private readonly OrderedDictionary<string, (Weight Weight, WeightRole Role)> _byName = new(StringComparer.Ordinal);
    private readonly Lazy<Device> _device;
    private readonly BackboneStart? _start;
    private readonly List<IDisposable> _owned = [];

    private Weights(Lazy<Device> device, RandomStreams streams, BackboneStart? start) =>
        (_device, Streams, _start) = (device, streams, start);

    private Weights(Lazy<Device> device) => _device = device;

    /// <summary>Gets the source of first values; <see langword="null"/> where they are promised.</summary>
    public RandomStreams? Streams { get; }

    /// <summary>
    /// Gets or sets what makes the user's own image network; <see langword="null"/> until one is asked for that only its name tells.
    /// </summary>
    public Func<ImageShape, nn.Module<Tensor, Tensor>>? Module { get; set; }

    /// <summary>Gets the device that holds the weights.</summary>
    public Device Device => _device.Value;

    /// <summary>Gets the names and values, in the order in which the networks asked for them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Values =>
        _byName.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight.Value));

    /// <summary>Gets the names and weights, without asking for a tensor.</summary>
    public IEnumerable<KeyValuePair<string, Weight>> All => _byName.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight));

    /// <summary>Gets the names and values of those that training changes.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Trained =>
        TrainedWeights.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Value));

    /// <summary>Gets the names of those that training changes, and how many numbers each holds.</summary>
    public IEnumerable<KeyValuePair<string, long>> TrainedCounts =>
        TrainedWeights.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Count));

    private IEnumerable<KeyValuePair<string, Weight>> TrainedWeights =>
        _byName.Where(pair => pair.Value.Role != WeightRole.Fixed).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Weight));

    /// <summary>Returns weights that are drawn as networks ask for them.</summary>
    /// <param name="streams">The source of randomness; a weight's stream is <c>weights/</c> and its name.</param>
    /// <param name="device">Where the weights shall be.</param>
    /// <param name="start">Weights that stand ready, such as pretrained ones; they take the place of drawn ones.</param>
    public static Weights Drawn(RandomStreams streams, Device device, BackboneStart? start = null) =>
        new(new Lazy<Device>(device), streams, start);

    /// <summary>Returns weights whose values come later, by <see cref="Take"/>, when it is known which ones networks ask for.</summary>
    /// <param name="device">Where the weights shall be once they are tensors.</param>
    public static Weights Promised(Lazy<Device> device) => new(device);

    /// <summary>Takes the value of a weight that was promised.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="value">The value, of the shape that was asked for.</param>
    public void Take(string name, HostTensor value) => _byName[name].Weight.Take(value);

    /// <summary>
    /// Returns in a sentence which weight differs in form from that of its name elsewhere, or is in one place alone;
    /// <see langword="null"/> where none does.
    /// </summary>
    /// <param name="others">The weights elsewhere, by their full names.</param>
    /// <param name="scope">What the names start with that must be there as well; empty for all.</param>
    public string? Difference(IReadOnlyDictionary<string, HostTensor> others, string scope = "")
    {
        var name = _byName.Keys
            .Where(own => own.StartsWith(scope, StringComparison.Ordinal))
            .Union(others.Keys)
            .FirstOrDefault(name => Now(name) != Before(name));
        return name is null ? null : $"the weight '{name}' is {Now(name)} instead of {Before(name)}.";

        string Now(string name) => Text(_byName.TryGetValue(name, out var own) ? own.Weight.Shape : null);

        string Before(string name) => Text(others.GetValueOrDefault(name)?.Shape);

        static string Text(IReadOnlyList<long>? shape) => shape is null ? "not there" : $"({string.Join(", ", shape)})";
    }

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
    /// <exception cref="InvalidOperationException">It would have more than <see cref="MostNumbers"/>.</exception>
    public Weight Add(string name, long[] shape, WeightRole role, Initializer initializer)
    {
        if (Streams is not null && shape.Aggregate((Int128)1, (product, size) => product * size) is var count && count > MostNumbers)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The weight '{name}' would have {string.Join(" × ", shape)} = {count:N0} numbers, but may have at most {MostNumbers:N0}. ")
                + $"Make the images smaller with ResizeImages, or lower {nameof(NoPropOptions.HiddenSize)}.");
        }

        var weight = Streams is null
            ? new Weight(shape, values => OnDevice(values.ToTensor, role))
            : new Weight(OnDevice(() => First(name, shape, initializer), role));
        _byName.Add(name, (weight, role));
        return weight;
    }

    /// <summary>Makes a tensor of a module of the user's one of the weights: what changes one changes the other.</summary>
    /// <param name="name">Its full name, not used before.</param>
    /// <param name="own">The module's tensor, on this device. It keeps its value until another one is taken.</param>
    /// <param name="role">How training treats it.</param>
    public void Adopt(string name, Tensor own, WeightRole role)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        if (_start?.Find(name, own.shape) is { } start)
        {
            own.copy_(start.ToTensor());
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
        _start?.Find(name, shape)?.ToTensor() ?? initializer(shape, Streams!.Of($"weights/{name}"));

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

/// <summary>A part of a model's weights whose names share a beginning, for one network or layer.</summary>
/// <param name="Owner">The weights.</param>
/// <param name="Prefix">The shared beginning, without the dot that follows it; empty for all weights of the model.</param>
/// <param name="NormRole">How training treats scale and shift of batch normalisations.</param>
internal readonly record struct WeightScope(Weights Owner, string Prefix, WeightRole NormRole = WeightRole.Undecayed)
{
    /// <summary>Returns the scope of a part.</summary>
    /// <param name="name">The part's name.</param>
    public WeightScope Under(string name) => this with { Prefix = Full(name) };

    /// <summary>Returns the same scope, in which batch normalisations stay as they are.</summary>
    public WeightScope WithFixedNorms() => this with { NormRole = WeightRole.Fixed };

    /// <summary>Makes scale or shift of a batch normalisation.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="channels">The number of channels.</param>
    public Weight Norm(string name, Initializer initializer, long channels) =>
        Owner.Add(Full(name), [channels], NormRole, initializer);

    /// <summary>Makes a matrix or kernel, trained with weight decay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Matrix(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Decayed, initializer);

    /// <summary>Makes a weight that is trained without weight decay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first value.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Undecayed(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Undecayed, initializer);

    /// <summary>Makes a weight that is not trained.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its value, where it is not loaded.</param>
    /// <param name="shape">Its shape.</param>
    public Weight Fixed(string name, Initializer initializer, params long[] shape) =>
        Owner.Add(Full(name), shape, WeightRole.Fixed, initializer);

    private string Full(string name) => Prefix.Length == 0 ? name : $"{Prefix}.{name}";
}

/// <summary>How training treats a weight.</summary>
internal enum WeightRole
{
    /// <summary>Trained, with weight decay: the matrices.</summary>
    Decayed,

    /// <summary>Trained, without weight decay: biases, norms, frequencies, embeddings, schedule.</summary>
    Undecayed,

    /// <summary>Not trained, but part of the architecture.</summary>
    Fixed,
}
