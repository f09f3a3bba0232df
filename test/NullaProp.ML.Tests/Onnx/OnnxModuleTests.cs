using NullaProp.ML.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>Modules of a user's own, by ONNX Runtime with its optimisations and without, against libtorch.</summary>
[TestClass]
public sealed class OnnxModuleTests
{
    private const int Rows = 3;
    private const int Channels = 4;
    private const int Height = 9;
    private const int Width = 8;

    private static readonly Dictionary<string, Func<Module>> Modules = new()
    {
        ["Conv2d"] = () => nn.Conv2d(Channels, 5, 3),
        ["Conv2d, strided and padded"] = () => nn.Conv2d(Channels, 5, (3, 5), stride: (2, 1), padding: (1, 2)),
        ["Conv2d, padded to the same size, even"] = () => nn.Conv2d(Channels, 5, 4, padding: Padding.Same),
        ["Conv2d, not padded"] = () => nn.Conv2d(Channels, 5, 3, padding: Padding.Valid, bias: false),
        ["Conv2d, dilated"] = () => nn.Conv2d(Channels, 5, 3, dilation: 2),
        ["Conv2d, in groups"] = () => nn.Conv2d(Channels, 8, 3, groups: Channels),
        ["BatchNorm2d"] = () => nn.BatchNorm2d(Channels),
        ["BatchNorm2d without scale"] = () => nn.BatchNorm2d(Channels, affine: false, eps: 0.1),
        ["Conv2d and BatchNorm2d"] = () => nn.Sequential(nn.Conv2d(Channels, 6, 3), nn.BatchNorm2d(6), nn.ReLU()),
        ["MaxPool2d"] = () => nn.MaxPool2d(2),
        ["MaxPool2d, overlapping"] = () => nn.MaxPool2d(3, stride: 2, padding: 1),
        ["MaxPool2d, dilated"] = () => nn.MaxPool2d((2, 3), stride: (1, 2), dilation: (2, 1)),
        ["AvgPool2d"] = () => nn.AvgPool2d(3, stride: 2, padding: 1),
        ["AvgPool2d without its edge"] = () => nn.AvgPool2d(3, padding: 1, count_include_pad: false),
        ["AdaptiveAvgPool2d"] = () => nn.AdaptiveAvgPool2d(1),
        ["Linear"] = () => nn.Sequential(nn.Flatten(), nn.Linear(Channels * Height * Width, 7)),
        ["Linear without bias"] = () => nn.Sequential(nn.Flatten(), nn.Linear(Channels * Height * Width, 7, hasBias: false)),
        ["Flatten twice"] = () => nn.Sequential(nn.Flatten(), nn.Flatten()),
        ["Dropout"] = () => nn.Sequential(nn.Dropout(0.5), nn.Dropout2d(0.5), nn.AlphaDropout(0.5), nn.Identity()),
        ["ReLU"] = () => nn.ReLU(),
        ["ReLU6"] = () => nn.ReLU6(),
        ["LeakyReLU"] = () => nn.LeakyReLU(0.2),
        ["Tanh"] = () => nn.Tanh(),
        ["Sigmoid"] = () => nn.Sigmoid(),
        ["SiLU"] = () => nn.SiLU(),
        ["GELU"] = () => nn.GELU(),
        ["a layer twice"] = () => Twice(nn.Tanh()),
        ["a whole network"] = () => nn.Sequential(
            nn.Sequential(nn.Conv2d(Channels, 6, 3, padding: 1, bias: false), nn.BatchNorm2d(6), nn.ReLU(inplace: true), nn.MaxPool2d(2)),
            nn.Sequential(nn.Conv2d(6, 8, 3), nn.SiLU()),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(8, 5),
            nn.ReLU()),
    };

    private static readonly Dictionary<string, Func<Module>> Codes = new()
    {
        ["Softmax"] = () => nn.Softmax(1),
        ["GELU"] = () => nn.GELU(TorchSharp.Modules.GELU.Approximate.tanh),
        ["Conv2d"] = () => nn.Conv2d(Channels, 5, 3, padding: 1, padding_mode: PaddingModes.Reflect),
        ["BatchNorm2d"] = () => nn.BatchNorm2d(Channels, track_running_stats: false),
        ["MaxPool2d"] = () => nn.MaxPool2d(2, ceil_mode: true),
        ["AvgPool2d"] = () => nn.AvgPool2d(2, divisor_override: 3),
        ["AdaptiveAvgPool2d"] = () => nn.AdaptiveAvgPool2d(2),
        ["Linear"] = () => nn.Linear(Width, 3), // of each row of pixels
        ["Flatten"] = () => nn.Flatten(2),
        ["ConvTranspose2d"] = () => nn.ConvTranspose2d(Channels, 2, 3),
        ["Doubled"] = () => new Doubled(),
    };

    public static IEnumerable<object[]> ModuleNames => Modules.Keys.Select(name => new object[] { name });

    public static IEnumerable<object[]> CodeNames => Codes.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(ModuleNames))]
    public void Add_LayersOfTorchSharp_GivesWhatLibtorchGives(string name)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var generator = new Generator(1);
        using var module = Unsettled(Modules[name](), generator);
        var images = randn([Rows, Channels, Height, Width], generator: generator).mul(3);
        var expected = module.call(images);
        var graph = new OnnxGraph(OnnxPrecision.Full);
        var result = new OnnxModule(graph, "own").Add(graph.Input("x", OnnxType.Single, Channels, Height, Width), "image", module);
        graph.Output("y", result, OnnxType.Single, expected.shape[1..]);
        var file = OnnxRun.File(graph);

        foreach (var optimized in new[] { false, true })
        {
            using var run = new OnnxRun(file, optimized);
            var found = run.Singles("y", [Rows, Channels, Height, Width], [.. images.data<float>()]);
            var differences = expected.contiguous().data<float>().Zip(found, (x, y) => Math.Abs(x - y));
            var difference = differences.Aggregate(0f, MathF.Max); // a NaN stays
            Assert.HasCount((int)expected.numel(), found);
            Assert.IsLessThan(1e-4f, difference, $"optimized: {optimized}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(CodeNames))]
    public void Add_AnotherLayer_NamesIt(string name)
    {
        using var module = nn.Sequential(nn.ReLU(), Codes[name]());
        var graph = new OnnxGraph(OnnxPrecision.Full);
        var images = graph.Input("x", OnnxType.Single, Channels, Height, Width);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => new OnnxModule(graph, "mine").Add(images, "image", module));

        StringAssert.Contains(fault.Message, $"The backbone 'mine' is a module of your own with a {name}, which");
    }

    // Weights and statistics that a training would leave, in evaluation mode: the same whatever drew from libtorch before.
    private static Module Unsettled(Module module, Generator generator)
    {
        foreach (var parameter in module.parameters())
        {
            parameter.uniform_(-0.3, 0.3, generator);
        }

        foreach (var norm in module.modules().Append(module).OfType<BatchNorm2d>())
        {
            norm.running_mean!.normal_(0.5, 1, generator);
            norm.running_var!.uniform_(0.2, 2, generator);
            norm.weight?.uniform_(0.5, 2, generator);
            norm.bias?.normal_(generator: generator);
        }

        module.eval();
        return module;
    }

    private static Module Twice(Module layer) => nn.Sequential(layer, nn.ReLU(), layer);

    private sealed class Doubled() : nn.Module<Tensor, Tensor>(nameof(Doubled))
    {
        public override Tensor forward(Tensor input) => input * 2;
    }
}
