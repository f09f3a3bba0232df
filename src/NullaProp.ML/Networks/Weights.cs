using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Owns the weights of one model, by name. Networks ask it for their weights by name and shape; it makes them from a generator for training, or takes them from a
/// file when a model is loaded.
/// </summary>
/// <remarks>
/// Plain tensors rather than <c>torch.nn.Module</c>: modules draw their first values from the process-wide generator and take names from private fields.
/// </remarks>
internal sealed class Weights : IDisposable
{
    private readonly OrderedDictionary<string, (Parameter Value, WeightRole Role)> _byName = new(StringComparer.Ordinal);
    private readonly Func<string, long[], Initializer, Tensor> _source;
    private readonly Device _device;
    private readonly List<IDisposable> _owned = [];

    private Weights(Device device, Func<string, long[], Initializer, Tensor> source)
    {
        _device = device;
        _source = source;
    }

    /// <summary>Gets the source of first values, on the CPU; <see langword="null"/> where they come from a model file.</summary>
    public Generator? Random { get; private init; }

    /// <summary>Gets the device that holds the weights.</summary>
    public Device Device => _device;

    /// <summary>Gets the names and values, in the order in which the networks asked for them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Values => _byName.Select(pair => KeyValuePair.Create(pair.Key, (Tensor)pair.Value.Value));

    /// <summary>Gets the names and values of those that training changes.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Trained =>
        _byName.Where(pair => pair.Value.Role != WeightRole.Fixed).Select(pair => KeyValuePair.Create(pair.Key, (Tensor)pair.Value.Value));

    /// <summary>Returns weights that are drawn as networks ask for them.</summary>
    /// <param name="generator">The source of randomness, on the CPU, so that every device starts from the same numbers.</param>
    /// <param name="device">Where the weights shall be.</param>
    /// <param name="start">Weights that stand ready, such as pretrained ones; they take the place of drawn ones.</param>
    public static Weights Drawn(Generator generator, Device device, BackboneStart? start = null) =>
        new(device, (name, shape, initializer) => start?.Find(name, shape)?.clone() ?? initializer(shape, generator)) { Random = generator };

    /// <summary>Returns weights that are taken from a file as networks ask for them.</summary>
    /// <param name="stored">The file's tensors by name; they stay the caller's.</param>
    /// <param name="device">Where the weights shall be.</param>
    /// <exception cref="FormatException">When a network asks for a weight that is missing, of another shape, not of single precision, or not finite.</exception>
    public static Weights Stored(IReadOnlyDictionary<string, Tensor> stored, Device device) => new(device, (name, shape, _) =>
    {
        if (!stored.TryGetValue(name, out var value))
        {
            throw new FormatException($"The model file has no weight '{name}'; it was written by another program or is damaged. Train and save the model again.");
        }

        if (value.dtype != ScalarType.Float32 || !value.shape.SequenceEqual(shape))
        {
            throw new FormatException($"The weight '{name}' in the model file is {value.dtype} of shape ({string.Join(", ", value.shape)}), but must be Float32 of shape ({string.Join(", ", shape)}). Train and save the model again.");
        }

        if (!value.isfinite().all().item<bool>())
        {
            throw new FormatException($"The weight '{name}' in the model file holds NaN or infinity; it is damaged. Train and save the model again.");
        }

        return value.clone();
    });

    /// <summary>Returns whether every weight is a finite number.</summary>
    public bool AreFinite()
    {
        using var scope = NewDisposeScope();
        return _byName.Values.All(weight => weight.Value.isfinite().all().item<bool>());
    }

    /// <summary>Returns the scope of the whole model.</summary>
    public WeightScope Root() => new(this, string.Empty);

    /// <summary>Returns the scope whose names start with a word.</summary>
    /// <param name="name">The word, without a dot.</param>
    public WeightScope Under(string name) => new(this, name);

    /// <summary>Returns the weights of one role, for an optimizer.</summary>
    /// <param name="role">The role.</param>
    /// <param name="includes">Which weights are meant, by name; all of them where nothing is said.</param>
    public IReadOnlyList<Parameter> OfRole(WeightRole role, Func<string, bool>? includes = null) =>
        [.. _byName.Where(weight => weight.Value.Role == role && includes?.Invoke(weight.Key) != false).Select(weight => weight.Value.Value)];

    /// <summary>Makes one weight and keeps it.</summary>
    /// <param name="name">Its full name, not used before.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="role">How training treats it.</param>
    /// <param name="initializer">Its first value, where it is drawn.</param>
    public Tensor Add(string name, long[] shape, WeightRole role, Initializer initializer)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var value = _source(name, shape, initializer).to(_device);
        var parameter = nn.Parameter(value.alias(), requires_grad: role != WeightRole.Fixed);
        _byName.Add(name, (parameter, role));
        return parameter.DetachFromDisposeScope();
    }

    /// <summary>Makes a tensor of a module of the user's one of the weights: what changes one changes the other.</summary>
    /// <param name="name">Its full name, not used before.</param>
    /// <param name="own">The module's tensor, on this device. It keeps its value where weights are drawn, and takes the stored one where they are loaded.</param>
    /// <param name="role">How training treats it.</param>
    public void Adopt(string name, Tensor own, WeightRole role)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var value = _source(name, own.shape, (_, _) => own.alias());
        own.copy_(value);
        var parameter = own as Parameter ?? nn.Parameter(own.alias(), requires_grad: false);
        _byName.Add(name, (parameter, role));
        parameter.DetachFromDisposeScope();
    }

    /// <summary>Keeps something that lives as long as the weights.</summary>
    /// <param name="owned">What to dispose of with them.</param>
    public void Own(IDisposable owned) => _owned.Add(owned);

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        foreach (var (value, _) in _byName.Values)
        {
            value.Dispose();
        }
    }
}
