using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>The network of the package, read into the library's own, against the package's files run by another program.</summary>
[TestClass]
public sealed class PretrainedPackageTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, PretrainedPackage.Folder);

    [TestMethod]
    public void Features_OfNetworkRead_EqualThoseOfOnnxRuntime()
    {
        var random = new Random(1);
        float[] photo = [.. Enumerable
            .Range(0, 3 * 224 * 224)
            .Select(i => (float)(128 + (90 * Math.Sin(i * 0.013)) + random.Next(-30, 30)))];
        using var trunk = new FrozenTrunk(PretrainedPackage.Read(Folder), CPU);
        var features = new float[PretrainedBackbone.FeatureCount];

        trunk.Features(photo, features);

        var prepared = Run(Path.Combine("ResNetPrepOnnx", "ResNetPreprocess.onnx"), photo);
        var expected = Run(Path.Combine("ResNet18Onnx", "ResNet18.onnx"), prepared);
        var largest = expected.Max();
        Assert.HasCount(PretrainedBackbone.FeatureCount, expected);
        Assert.IsGreaterThan(1f, largest);
        for (var i = 0; i < features.Length; i++)
        {
            Assert.AreEqual(expected[i], features[i], 1e-3f * Math.Max(expected[i], 0.01f * largest), $"feature {i}");
        }
    }

    private static float[] Run(string file, float[] image)
    {
        using var session = new InferenceSession(Path.Combine(Folder, file));
        var input = NamedOnnxValue.CreateFromTensor(session.InputMetadata.Keys.First(), new DenseTensor<float>(image, [1, 3, 224, 224]));
        using var results = session.Run([input]);
        return [.. results[0].AsEnumerable<float>()];
    }
}
