using System.Runtime.CompilerServices;
using NullaProp.ML.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A module of the user's, and a linear layer from its output to H features. The module's parameters and floating-point buffers are weights
/// of the model.
/// </summary>
internal sealed class CustomBackbone : Backbone
{
    private const string ModuleName = "module";

    private static readonly ConditionalWeakTable<nn.Module, object> Known = [];

    private readonly nn.Module<Tensor, Tensor> _module;
    private readonly string _name;
    private readonly string _scope;

    private CustomBackbone(WeightScope weights, string name, nn.Module<Tensor, Tensor> module, ImageShape shape, long features)
    {
        (_module, _name) = (module, name);
        _scope = weights.Prefix;
        Adopt(weights, name);
        State = new ModuleState(this, module, _scope, shape, weights.Owner.Device);
        Output = new Linear(weights.Under("output"), Width(name, shape, weights.Owner.Device), features);
    }

    /// <inheritdoc/>
    public override Linear Output { get; }

    /// <summary>Gets the module, which stays this network's.</summary>
    public nn.Module Module => _module;

    /// <summary>Gets the name by which the module is known.</summary>
    public string Name => _name;

    /// <summary>Makes the module and takes its weights over.</summary>
    /// <param name="weights">The network's scope; its owner disposes of the module.</param>
    /// <param name="name">The module's name.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="features">H, the number of features.</param>
    /// <exception cref="InvalidOperationException">The name is not registered, or the module does not do what it must.</exception>
    public static CustomBackbone Create(WeightScope weights, string name, ImageShape shape, long features)
    {
        using var scope = NewDisposeScope();
        var create = weights.Owner.Module ??= CustomBackbones.Find(name); // kept for a copy: another may take the name meanwhile
        using var random = new SharedRandomness(weights.Owner.Streams?.Of($"weights/{weights.Prefix}.module"));
        var module = create(shape)
            ?? throw new InvalidOperationException($"The function of the backbone '{name}' returned null, but must return a module.");
        Take(module, name);
        module.to(weights.Owner.Device);
        foreach (var tensor in module.parameters().Concat(module.buffers()))
        {
            tensor.DetachFromDisposeScope();
        }

        weights.Owner.Own(module);
        var backbone = new CustomBackbone(weights, name, module, shape, features);
        if (weights.Owner.Streams is not null) // it will be trained, and saved
        {
            backbone.RequireWholeState(create, shape, weights.Owner.Device);
        }

        return backbone;
    }

    /// <summary>Returns whether a weight of a model, by its full name, is one of the user's module.</summary>
    /// <param name="name">The name.</param>
    public static bool IsWeight(string name) => name.Contains($".{ModuleName}.", StringComparison.Ordinal);

    /// <summary>Gets what a training goes on from beside weights.</summary>
    public ModuleState State { get; }

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        // Set only where it changes: many threads may score, and none of them trains. A trained or loaded module comes to them ready, for
        // it was tried in this mode.
        if (_module.training != training is not null)
        {
            _module.train(training is not null);
        }

        if (training is null)
        {
            return Call(images);
        }

        using var random = new SharedRandomness(training.Stream($"module/{_scope}")); // for its dropout
        return Call(images);
    }

    /// <inheritdoc/>
    protected override ScalarType Precision(TrainingContext? training) => ScalarType.Float32; // the module's own weights are

    // (B, F)
    private Tensor Call(Tensor images)
    {
        try
        {
            return _module.call(images);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            var (message, shape) = (fault.Message.Split('\n')[0].TrimEnd('.'), string.Join(", ", images.shape));
            throw new InvalidOperationException(
                $"The backbone '{_name}' failed on images of shape ({shape}), of which it must make features of shape "
                    + $"({images.shape[0]}, F): {message}.",
                fault);
        }
    }

    // What a module keeps beside its parameters and buffers, nobody trains or saves: a model that is loaded would have other numbers there.
    private void RequireWholeState(Func<ImageShape, nn.Module<Tensor, Tensor>> create, ImageShape shape, Device device)
    {
        using var mode = no_grad();
        using var random = new SharedRandomness(new RandomStreams(seed: 0).Of($"trial/{_scope}"));
        var images = rand(2, shape.Channels, shape.Height, shape.Width, dtype: ScalarType.Float32, device: device);
        var before = Maps(images, training: null);
        if (!IsSame(before, Maps(images, training: null)))
        {
            throw new InvalidOperationException(
                $"The backbone '{_name}' gives other features each time that it sees the same images in evaluation mode, but a score must "
                + "be a function of its image. Draw random numbers only while the module is in training mode.");
        }

        var twin = create(shape);
        if (twin is null || ((IEnumerable<nn.Module>)[.. twin.modules(), twin]).Any(part => Known.TryGetValue(part, out _)))
        {
            return; // the same module again: said where a second network needs one of its own
        }

        using var owned = twin;
        twin.to(device);
        twin.eval();
        var (own, others) = (Tensors(_module).ToList(), Tensors(twin).ToList());
        if (!own.Select(Shape).SequenceEqual(others.Select(Shape)))
        {
            throw new InvalidOperationException(
                $"The function of the backbone '{_name}' makes modules of different parameters or buffers, but a process that loads the "
                + "model has to get the same. Let it depend on the size of the images alone.");
        }

        foreach (var (target, source) in others.Zip(own))
        {
            target.Value.copy_(source.Value);
        }

        if (!IsSame(before, twin.call(images)))
        {
            throw new InvalidOperationException(
                $"The backbone '{_name}' gives other features when it is made a second time with the same parameters and buffers: it keeps "
                + "weights that it does not register, which are neither trained nor saved. Call RegisterComponents() at the end of its "
                + "constructor, and register_buffer for tensors that are no parameters.");
        }
    }

    private static IEnumerable<(string Name, Tensor Value)> Tensors(nn.Module module) => module.named_parameters()
        .Select(one => (one.name, (Tensor)one.parameter))
        .Concat(module.named_buffers().Select(one => (one.name, one.buffer)));

    // But for the last bits, which a GPU may give otherwise; numbers that are none are found while training.
    private static bool IsSame(Tensor one, Tensor other) =>
        one.shape.SequenceEqual(other.shape) && one.allclose(other, rtol: 1e-3, atol: 1e-5, equal_nan: true);

    private static string Shape((string Name, Tensor Value) one) => $"{one.Name} {one.Value.dtype} {string.Join('×', one.Value.shape)}";

    // Two networks with one module between them would train each other, and the first to be disposed of would end the other.
    private static void Take(nn.Module module, string name)
    {
        List<nn.Module> parts = [.. module.modules(), module];
        if (parts.Exists(part => Known.TryGetValue(part, out _)))
        {
            throw new InvalidOperationException(
                $"The function of the backbone '{name}' returned a module, or a part of one, that it had returned before, but each network "
                + "changes its own. Make all layers anew in the function: shape => nn.Sequential(…), and no variable from outside.");
        }

        foreach (var part in parts.Where(part => part.parameters(recurse: false).Any()))
        {
            Known.AddOrUpdate(part, name);
        }
    }

    private void Adopt(WeightScope weights, string name)
    {
        var scope = weights.Under(ModuleName);
        foreach (var (path, parameter) in _module.named_parameters())
        {
            if (parameter.dtype != ScalarType.Float32)
            {
                throw new InvalidOperationException(
                    $"The parameter '{path}' of the backbone '{name}' is {parameter.dtype}, but must be {ScalarType.Float32}. Make the "
                        + "module with single precision.");
            }

            scope.Owner.Adopt($"{scope.Prefix}.{path}", parameter, Role(parameter));
        }

        foreach (var (path, buffer) in _module.named_buffers().Where(buffer => !is_integral(buffer.buffer.dtype)))
        {
            if (buffer.dtype != ScalarType.Float32)
            {
                throw new InvalidOperationException(
                    $"The buffer '{path}' of the backbone '{name}' is {buffer.dtype}, but must be {ScalarType.Float32}, or of whole "
                        + "numbers that no score depends on, for a model holds no others. Make the module with single precision.");
            }

            scope.Owner.Adopt($"{scope.Prefix}.{path}", buffer, WeightRole.Fixed);
        }
    }

    private static WeightRole Role(Parameter parameter) =>
        !parameter.requires_grad ? WeightRole.Fixed : parameter.dim() > 1 ? WeightRole.Decayed : WeightRole.Undecayed;

    // Found by trying: two black images.
    private long Width(string name, ImageShape shape, Device device)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        const int rows = 2;
        var black = zeros(rows, shape.Channels, shape.Height, shape.Width, dtype: ScalarType.Float32, device: device);
        var maps = Maps(black, training: null); // (2, F)
        return maps.dtype == ScalarType.Float32 && maps.shape is [rows, var width and > 0]
            ? width
            : throw new InvalidOperationException(
                $"The backbone '{name}' made {maps.dtype} of shape ({string.Join(", ", maps.shape)}) of {rows} images of {shape}, but "
                    + $"must make {ScalarType.Float32} of shape ({rows}, F). End it with a flatten.");
    }
}
