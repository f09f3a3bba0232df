using Microsoft.ML;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What the options of the command <c>export</c> do to the file, as another program sees it.</summary>
public sealed partial class ExportCommandTests
{
    [TestMethod]
    [DataRow("", typeof(float), new[] { 3, 8, 8 })]
    [DataRow("--layout ChannelsLast", typeof(float), new[] { 8, 8, 3 })]
    [DataRow("--layout Vector", typeof(float), new[] { 192 })]
    [DataRow("--element Byte", typeof(byte), new[] { 3, 8, 8 })]
    [DataRow("--element byte --layout channelslast --weights half", typeof(byte), new[] { 8, 8, 3 })]
    public void Export_ElementAndLayout_AreThoseOfTheFilesInput(string options, Type element, int[] shape)
    {
        using var folder = new TempFolder();
        var path = folder.File("a.onnx");

        var (exitCode, lines) = SamplesProgram.Run(
            ["export", Model, path, _images[0].ImagePath, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.Contains("Largest difference of a probability on 1 images: ", string.Join(' ', lines));
        using var run = new OnnxRun(File.ReadAllBytes(path));
        var (name, input) = run.Session.InputMetadata.Single();
        Assert.AreEqual("image", name);
        Assert.AreEqual(element, input.ElementType);
        CollectionAssert.AreEqual(shape, input.Dimensions[1..]); // the first one is that of any number of images
        Assert.AreEqual(-1, input.Dimensions[0]);
    }

    [TestMethod]
    public void Export_WeightsHalf_MakesTheFileAsMuchSmallerAsItsWeightsAre()
    {
        using var folder = new TempFolder();
        long[] sizes = [.. new[] { "Full", "Half" }.Select(weights =>
        {
            var path = folder.File($"{weights}.onnx");
            Assert.AreEqual(0, SamplesProgram.Run("export", Model, path, "--weights", weights).ExitCode);
            return new FileInfo(path).Length;
        })];

        Assert.IsLessThan(0.65 * sizes[0], sizes[1]);
    }

    // Else a comparison that always finds nothing would pass all others of these tests.
    [TestMethod]
    public void DifferenceFromOnnx_FileOfAnotherModel_IsNoRounding()
    {
        var image = Context.Transforms.LoadImageFiles("Features", TinyImages.Side, TinyImages.Side);
        Save("seed1.zip", image, options => options with { Seed = 1 });
        Save("seed2.zip", image, options => options with { Seed = 2 });
        using var first = ImagePredictor.Load(Folder.File("seed1.zip"));
        using var second = ImagePredictor.Load(Folder.File("seed2.zip"));

        second.SaveAsOnnx(Folder.File("seed2.onnx"), new OnnxExport());

        Assert.IsGreaterThan(1e-3, first.DifferenceFromOnnx(Folder.File("seed2.onnx"), _images));
        Assert.IsLessThan(1e-5, second.DifferenceFromOnnx(Folder.File("seed2.onnx"), _images));
    }
}
