using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;
using static Microsoft.ML.Transforms.Image.ImageResizingEstimator;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What the file says of how its images are made.</summary>
public sealed partial class SaveNoPropAsOnnxTests
{
    // ML.NET pads with transparent black, ImageFit.Pad with white.
    [TestMethod]
    [DataRow(ResizingKind.IsoCrop, Anchor.Center, "Crop")]
    [DataRow(ResizingKind.IsoCrop, Anchor.Top, null)]
    [DataRow(ResizingKind.IsoPad, Anchor.Center, null)]
    [DataRow(ResizingKind.Fill, Anchor.Top, "Stretch")]
    public void SaveNoPropAsOnnx_ImagesThatMLNetResizes_TellsHowWhereAWordSaysIt(ResizingKind kind, Anchor anchor, string? fit)
    {
        var (side, images) = (TinyImages.Side, Context.Transforms.LoadImages("Image", null, "ImagePath"));

        Assert.AreEqual(fit, FitOf(images
            .Append(Context.Transforms.ResizeImages("Image", side, side, resizing: kind, cropAnchor: anchor))
            .Append(Context.Transforms.ExtractPixels("Features", "Image"))));
    }

    // NoProp makes grey of other shares than ML.NET.
    [TestMethod]
    [DataRow(false, "0.299,0.587,0.114")]
    [DataRow(true, "0.3,0.59,0.11")]
    public void SaveNoPropAsOnnx_ColoursMadeGrey_TellsTheShares(bool byMLNet, string shares)
    {
        using var chain = byMLNet
            ? Fit(Context.Transforms.ConvertToGrayscale("Image").Append(Context.Transforms.ExtractPixels(
                "Features", "Image", ImagePixelExtractingEstimator.ColorBits.Red)))
            : Fit(Context.Transforms.CopyColumns("Features", "Image"), new ImageShape(1, TinyImages.Side, TinyImages.Side));
        using var run = Exported(chain);
        var weights = shares.Split(',').Select(share => float.Parse(share, CultureInfo.InvariantCulture)).ToArray();
        float[] grey =
        [
            .. from image in Pictures.Pixels
               from i in Enumerable.Range(0, TinyImages.Size)
               select weights.Select((weight, c) => weight * image[(c * TinyImages.Size) + i]).Sum(),
        ];

        float[] rounded = byMLNet
            ? [.. chain.Transform(_files).GetColumn<float[]>("Features").SelectMany(pixels => pixels)] // halves are rounded otherwise there
            : Array.ConvertAll(grey, MathF.Round);

        var actual = run.Singles("scores", [Pictures.Pixels.Count, 1, TinyImages.Side, TinyImages.Side], rounded);

        Assert.IsLessThan(0.501, Differences.Largest(grey, rounded));
        AssertClose(Scores(chain), actual);
        Assert.AreEqual(shares, run.Session.ModelMetadata.CustomMetadataMap["gray_weights"]);
    }

    // The graph starts at what that step makes, which no other program has.
    [TestMethod]
    public void SaveNoPropAsOnnx_ImagesOfAnUnknownStep_NamesIt()
    {
        var custom = Context.Transforms.CustomMapping<Named, Decoded>(
            (row, made) => made.Other = MLImage.CreateFromFile(Folder.File(row.ImagePath)), contractName: null);
        using var chain = Fit(custom
            .Append(Context.Transforms.ResizeImages("Other", TinyImages.Side, TinyImages.Side))
            .Append(Context.Transforms.ExtractPixels("Features", "Other")));
        using var known = Fit(Context.Transforms.ExtractPixels("Features", "Image"));

        var metadata = Metadata(chain);

        Assert.AreEqual(("CustomMappingTransformer", "Crop"), (metadata["image_step"], metadata["image_fit"]));
        Assert.DoesNotContain("image_step", Metadata(known).Keys);
    }

    // A vector does not tell its order; the column of the training does.
    [TestMethod]
    [DataRow("float HWC", "N(HWC)")]
    [DataRow("byte HWC", "N(HWC)")]
    [DataRow("float CHW", "N(CHW)")]
    public void SaveNoPropAsOnnx_Vector_IsReadAsTheColumnHasIt(string form, string layout)
    {
        var data = Pictures.Forms[form](Context);
        using var model = TinyImages.Trainer(Context).Fit(data);
        using var stream = new MemoryStream();
        Context.Model.SaveNoPropAsOnnx(model, data.Schema, stream, new OnnxExport { InputLayout = OnnxLayout.Vector });
        using var run = new OnnxRun(stream.ToArray());
        float[] rows =
        [
            .. Cells.Column(data, "Features").SelectMany(row => row.Select(value => Convert.ToSingle(value, CultureInfo.InvariantCulture))),
        ];

        var actual = run.Singles("scores", [Pictures.Pixels.Count, rows.Length / Pictures.Pixels.Count], rows);

        var expected = model.Transform(data).GetColumn<float[]>("Score").SelectMany(score => score).ToArray();
        AssertClose(expected, actual);
        Assert.AreEqual(layout, run.Session.ModelMetadata.CustomMetadataMap["layout"]);
    }

    // What Load gives of a model that was saved so.
    [TestMethod]
    public void SaveNoPropAsOnnx_NoSchema_SaysWhatToGive()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image"));

        var fault = Assert.ThrowsExactly<ArgumentNullException>(
            () => Context.Model.SaveNoPropAsOnnx(chain, null!, Folder.File("schema.onnx")));

        StringAssert.Contains(fault.Message, "Give that of its data, data.Schema.");
    }

    private static Dictionary<string, string> Metadata(ITransformer chain)
    {
        using var run = Exported(chain);
        return run.Session.ModelMetadata.CustomMetadataMap;
    }

    private sealed class Named
    {
        public string ImagePath { get; set; } = string.Empty;
    }

    private sealed class Decoded
    {
        [ImageType(8, 8)]
        public MLImage? Other { get; set; }
    }
}
