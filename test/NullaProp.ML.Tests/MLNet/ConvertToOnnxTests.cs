using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>ML.NET's own door to ONNX, alone and in a chain of its own transforms.</summary>
[TestClass]
public sealed class ConvertToOnnxTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages
            .Trainer(Context, options => options with { Sampling = options.Sampling with { EntropyColumnName = "Entropy" } })
            .Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void ConvertToOnnx_OfTheModel_GivesItsColumns()
    {
        var expected = _model.Transform(_data);

        var actual = Run(Converted(_model, "Score", "PredictedLabel", "Entropy"));

        AssertClose(Scores(expected), actual["Score.output"].AsEnumerable<float>());
        AssertClose(expected.GetColumn<float>("Entropy"), actual["Entropy.output"].AsEnumerable<float>());
        var keys = actual["PredictedLabel.output"].AsEnumerable<uint>().ToArray();
        CollectionAssert.AreEqual(expected.GetColumn<uint>("PredictedLabel").ToArray(), keys);
    }

    [TestMethod]
    public void ConvertToOnnx_OfAChain_GivesTheNamesOfClasses()
    {
        using var chain = Context.Transforms.CopyColumns("Pixels", "Features")
            .Append(TinyImages.Trainer(Context, options => options with { FeatureColumnName = "Pixels" }))
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(_data);

        var actual = Run(Converted(chain, "Score", "PredictedLabel"));

        var expected = chain.Transform(_data);
        AssertClose(Scores(expected), actual["Score.output"].AsEnumerable<float>());
        var names = actual["PredictedLabel.output"].AsEnumerable<string>().ToArray();
        CollectionAssert.AreEqual(expected.GetColumn<string>("PredictedLabel").ToArray(), names);
    }

    [TestMethod]
    public void ConvertToOnnx_EarlyExit_SaysWhatToChange()
    {
        using var early = _model.WithSampling(options => options with { EarlyExit = EarlyExit.WhenClassIsDecided });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Converted(early, "Score"));

        StringAssert.Contains(fault.Message, "EarlyExit = EarlyExit.Never");
    }

    [TestMethod]
    public void ConvertToOnnx_DisagreementOfDraws_SaysWhatToChange()
    {
        using var voting = _model.WithSampling(options => options with { Draws = 2, DisagreementColumnName = "Disagreement" });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Converted(voting, "Score"));

        StringAssert.Contains(fault.Message, "DisagreementColumnName = null");
    }

    private static byte[] Converted(ITransformer model, params string[] columns)
    {
        using var stream = new MemoryStream();
        Context.Model.ConvertToOnnx(model, _data, stream, columns);
        return stream.ToArray();
    }

    // A value of a graph is given once.
    [TestMethod]
    public void ConvertToOnnx_OutputNamedAsTheFeatures_SaysWhatToRename()
    {
        using var model = TinyImages.Trainer(Context, options => options with { Sampling = new() { EntropyColumnName = "Features" } })
            .Fit(_data);

        var fault = Assert.Throws<InvalidOperationException>(() => Context.Model.ConvertToOnnx(model, _data, Stream.Null));

        Assert.Contains("The column 'Features' is read and written anew, which a graph of ML.NET's converter cannot say.", fault.Message);
    }

    // ML.NET goes back to where labels were texts; they do not matter for what is asked.
    private static Dictionary<string, DisposableNamedOnnxValue> Run(byte[] file)
    {
        using var session = new InferenceSession(file);
        var images = _data.GetColumn<float[]>("Features").ToArray();
        int[] shape = [images.Length, .. session.InputMetadata["Features"].Dimensions[1..]];
        var pixels = new DenseTensor<float>(images.SelectMany(image => image).ToArray(), shape);
        var labels = new DenseTensor<string>(images.Select(_ => "cat").ToArray(), [images.Length, 1]);
        NamedOnnxValue[] inputs = [NamedOnnxValue.CreateFromTensor("Features", pixels), NamedOnnxValue.CreateFromTensor("Label", labels)];
        return session.Run(inputs).ToDictionary(output => output.Name);
    }

    private static IEnumerable<float> Scores(IDataView scored) =>
        scored.GetColumn<VBuffer<float>>("Score").SelectMany(score => score.DenseValues());

    private static void AssertClose(IEnumerable<float> expected, IEnumerable<float> actual) =>
        Assert.IsLessThan(1e-5, Differences.Largest(expected, actual));
}
