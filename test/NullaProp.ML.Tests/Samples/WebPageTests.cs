using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The page of samples/web in headless Chromium, by its own tests, with a model of grey images that is made here.</summary>
[TestClass]
public sealed class WebPageTests
{
    private static string Page => Repository.PathOf("samples", "web");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(300_000, CooperativeCancellation = true)] // a page takes ten seconds on a busy machine
    public async Task Page_InChromium_PassesItsOwnTests()
    {
        if (Missing() is { } missing)
        {
            Assert.Inconclusive($"The page was not tested: {missing}.");
        }

        using var folder = new TempFolder();
        SaveModel(folder);
        using var node = Process.Start(new ProcessStartInfo("node", ["--test", "--test-reporter=spec", "test/"])
        {
            WorkingDirectory = Page,
            RedirectStandardOutput = true,
            Environment = { ["NOPROP_MODEL"] = folder.File("model.onnx") },
        })!;
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.CancellationToken);
        await node.WaitForExitAsync(TestContext.CancellationToken);

        TestContext.WriteLine(output);
        Assert.AreEqual(0, node.ExitCode, output);
    }

    private static string? Missing() =>
        !Directory.Exists(Path.Combine(Page, "node_modules", "playwright-core")) ? "there are no packages; run 'npm ci' in samples/web"
        : !File.Exists(Environment.GetEnvironmentVariable("NOPROP_CHROMIUM") ?? "/usr/bin/chromium")
            ? "there is no Chromium; install Debian's chromium or set NOPROP_CHROMIUM"
        : null;

    private static void SaveModel(TempFolder folder)
    {
        var context = new MLContext(seed: 1);
        var files = Pictures.Files(context, folder);
        using var chain = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadImages("Image", folder.Path, "ImagePath"))
            .Append(context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side))
            .Append(context.Transforms.ConvertToGrayscale("Image"))
            .Append(context.Transforms.ExtractPixels("Features", "Image", ImagePixelExtractingEstimator.ColorBits.Red))
            .Append(TinyImages.Trainer(context))
            .Fit(files);
        context.Model.SaveNoPropAsOnnx(chain, files.Schema, folder.File("model.onnx"), new OnnxExport { PathName = "way" });
    }
}
