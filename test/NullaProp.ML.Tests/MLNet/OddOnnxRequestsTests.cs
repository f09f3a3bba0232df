using CsCheck;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// What nobody should ask for: names that collide or are none, paths that cannot be written, writers that fail. Every request ends in one
/// clear exception, and what the path named before is there as it was.
/// </summary>
[TestClass]
public sealed class OddOnnxRequestsTests
{
    private const string Before = "what was there before";

    private static readonly MLContext Context = new(seed: 1);
    private static NoPropTransformer _model = null!;
    private static IDataView _data = null!;

    private static readonly string?[] Names =
        ["a", "b", "scores", "image", "class", "Ä", "a b", "0", null, "", " ", "\t", "/", "/x", "//", "/Conv_1"];

    // Names of input, scores, class, entropy and path, of which one will not do, two are the same, or one that must be is missing.
    private static readonly Gen<OnnxExport> BadExports = Gen.Int[0, Names.Length - 1].Array[5]
        .Select(chosen => Array.ConvertAll(chosen, name => Names[name]))
        .Select(names => new OnnxExport
        {
            InputName = names[0],
            ScoreName = names[1]!,
            ClassName = names[2],
            EntropyName = names[3],
            PathName = names[4],
        })
        .Where(export => !IsFine(export));

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    // Mlp takes what hardly is an image for a row of a table, and the pixels of a graph's input lie otherwise.
    [TestMethod]
    [DataRow(4, 4, ColorBits.Rgb, false, 48)]
    [DataRow(8, 3, ColorBits.Rgb, true, 72)]
    [DataRow(1, 8, ColorBits.All, true, 32)]
    [DataRow(8, 8, ColorBits.Red | ColorBits.Blue, false, 128)]
    public void SaveNoPropAsOnnx_PixelsReadAsATable_AreRefused(int height, int width, ColorBits colours, bool interleaved, int values)
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);
        var images = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Context.Transforms.LoadImages("Image", folder.Path, "ImagePath"))
            .Append(Context.Transforms.ResizeImages("Image", width, height))
            .Append(Context.Transforms.ExtractPixels("Features", "Image", colours, interleavePixelColors: interleaved));
        using var table = Chain(null);
        using var chain = Chain(new ImageShape(values / (height * width), height, width));
        using var stream = new MemoryStream();

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Context.Model.SaveNoPropAsOnnx(table, files.Schema, stream, new OnnxExport()));

        StringAssert.Contains(fault.Message, $"'Features' as {values} values in a row, not as images of");
        Assert.AreEqual(0, stream.Length);
        Context.Model.SaveNoPropAsOnnx(chain, files.Schema, stream, new OnnxExport());
        Assert.IsGreaterThan(0, stream.Length);

        TransformerChain<NoPropTransformer> Chain(ImageShape? shape) => images
            .Append(TinyImages.Trainer(Context, options => options with
            {
                Backbone = NoPropBackbone.Mlp,
                ImageShape = shape,
                Augmentation = Augmentation.None,
            }))
            .Fit(files);
    }

    [TestMethod]
    public void SaveAsOnnx_NamesThatWillNotDo_AreRefusedInASentence()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, Before);

        BadExports.Sample(
            export =>
            {
                var fault = Assert.ThrowsExactly<ArgumentException>(() => _model.SaveAsOnnx(path, export));
                AssertSentence(fault);
                AssertUntouched(folder);
            },
            iter: 200,
            threads: 1);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(" ")]
    [DataRow("\0")]
    [DataRow("model\0.onnx")]
    [DataRow("none/model.onnx")]
    [DataRow("none/none/model.onnx")]
    [DataRow("sub")]
    [DataRow("sub/")]
    [DataRow("sub/..")]
    [DataRow(".")]
    [DataRow("..")]
    [DataRow("model.onnx/model.onnx")]
    [DataRow("read-only.onnx")]
    [DataRow("link-to-read-only.onnx")]
    [DataRow("link-to-sub")]
    [DataRow("long")]
    public void SaveAsOnnx_PathThatWillNotDo_IsRefusedInASentence(string name)
    {
        using var folder = new TempFolder();
        Furnish(folder);
        var path = string.IsNullOrWhiteSpace(name) ? name : folder.Path + "/" + (name == "long" ? new string('x', 300) : name);
        foreach (var save in new Action[]
        {
            () => _model.SaveAsOnnx(path),
            () => Context.Model.SaveNoPropAsOnnx(_model, _data.Schema, path),
        })
        {
            var fault = Assert.Throws<Exception>(save);

            Assert.IsTrue(fault is ArgumentException or IOException or UnauthorizedAccessException, fault.ToString());
            AssertSentence(fault);
            AssertUntouched(folder, "read-only.onnx", "link-to-read-only.onnx");
        }

        File.SetAttributes(folder.File("read-only.onnx"), FileAttributes.Normal); // so that the folder can go
    }

    // A disk that is full after any number of bytes.
    [TestMethod]
    public void SaveAsOnnx_StreamThatEndsEarly_PassesItsFaultOn()
    {
        using var whole = new MemoryStream();
        _model.SaveAsOnnx(whole, new OnnxExport());

        Gen.Int[0, (int)whole.Length - 1].Sample(
            most => Assert.ThrowsExactly<NotSupportedException>(
                () => _model.SaveAsOnnx(new MemoryStream(new byte[most]), new OnnxExport())), // which cannot grow
            iter: 50,
            threads: 1);
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_WrongModelsAndSchemas_AreRefusedInASentence()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, Before);
        using var renamed = _model.WithColumns(features: "Others");
        using var early = _model.WithSampling(sampling => sampling with { EarlyExit = EarlyExit.WhenClassIsDecided });
        var copy = Context.Transforms.CopyColumns("Copy", "Features").Fit(_data);
        (ITransformer Model, IDataView Data)[] requests =
        [
            (renamed, _data),
            (early, _data),
            (copy, _data),
            (new TransformerChain<ITransformer>(), _data),
            (new TransformerChain<ITransformer>(_model, _model), _data),
            (new TransformerChain<ITransformer>(copy, _model), Context.Data.LoadFromEnumerable(new[] { new NoRow() })),
            (_model, Context.Data.LoadFromEnumerable(new[] { new NoRow() })),
        ];
        foreach (var (model, data) in requests)
        {
            var fault = Assert.Throws<Exception>(() => Context.Model.SaveNoPropAsOnnx(model, data.Schema, path));

            Assert.IsTrue(fault is ArgumentException or InvalidOperationException, fault.ToString());
            AssertSentence(fault);
            AssertUntouched(folder);
        }
    }

    private static bool IsFine(OnnxExport export)
    {
        string?[] names = [export.InputName ?? "image", export.ScoreName, export.ClassName, export.EntropyName, export.PathName];
        var given = names.Where(name => name is not null).ToList();
        return names is [_, not null, ..]
            && given.All(name => !string.IsNullOrWhiteSpace(name) && name[0] != '/')
            && given.Distinct().Count() == given.Count;
    }

    private static void Furnish(TempFolder folder)
    {
        File.WriteAllText(folder.File("model.onnx"), Before);
        File.WriteAllText(folder.File("read-only.onnx"), Before);
        File.SetAttributes(folder.File("read-only.onnx"), FileAttributes.ReadOnly);
        Directory.CreateDirectory(folder.File("sub"));
        File.CreateSymbolicLink(folder.File("link-to-read-only.onnx"), folder.File("read-only.onnx"));
        Directory.CreateSymbolicLink(folder.File("link-to-sub"), folder.File("sub"));
    }

    private static void AssertSentence(Exception fault)
    {
        Assert.IsGreaterThan(20, fault.Message.Length);
        Assert.DoesNotContain("\n", fault.Message);
    }

    private static void AssertUntouched(TempFolder folder, params string[] others)
    {
        CollectionAssert.AreEquivalent(
            new[] { folder.File("model.onnx") }.Concat(others.Select(folder.File)).ToArray(),
            Directory.GetFiles(folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
        Assert.AreEqual(Before, File.ReadAllText(folder.File("model.onnx")));
    }

    private sealed class NoRow
    {
        public float Nothing { get; set; }
    }
}
