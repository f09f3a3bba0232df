using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Tests.Reading;

[TestClass]
public sealed class FeatureFormatTests
{
    // ExtractPixels makes (C, H, W), or (H, W, C) when interleaved; two dimensions are a grey image.
    [TestMethod]
    [DataRow(new[] { 28, 28 }, "1×28×28", "Planar")]
    [DataRow(new[] { 1, 28, 20 }, "1×28×20", "Planar")]
    [DataRow(new[] { 3, 32, 32 }, "3×32×32", "Planar")]
    [DataRow(new[] { 4, 8, 9 }, "4×8×9", "Planar")]
    [DataRow(new[] { 28, 20, 1 }, "1×28×20", "Interleaved")]
    [DataRow(new[] { 32, 30, 3 }, "3×32×30", "Interleaved")]
    [DataRow(new[] { 8, 8, 4 }, "4×8×8", "Interleaved")]
    [DataRow(new[] { 5, 8, 8 }, "5×8×8", "Planar")] // no usual number of channels at either end
    [DataRow(new[] { 3, 9, 8 }, "3×9×8", "Planar")]
    [DataRow(new[] { 1, 3, 9, 8 }, "3×9×8", "Planar")] // a batch of one
    [DataRow(new[] { 1, 9, 8, 3 }, "3×9×8", "Interleaved")]
    [DataRow(new[] { 1, 1, 9, 8 }, "1×9×8", "Planar")]
    public void Of_VectorWithDimensions_ReadsShapeAndLayoutFromThem(int[] dimensions, string shape, string layout)
    {
        var format = FeatureFormat.Of(Vector(dimensions), wanted: null);

        Assert.AreEqual((shape, layout), (format.Shape.ToString(), format.Layout.ToString()));
    }

    [TestMethod]
    [DataRow(new[] { 1 }, "1×1×1")]
    [DataRow(new[] { 13 }, "13×1×1")]
    [DataRow(new[] { 2, 2 }, "4×1×1")] // a table, each value with a mean and deviation of its own
    [DataRow(new[] { 64, 64 }, "4096×1×1")]
    [DataRow(new[] { 3, 50, 4 }, "600×1×1")]
    [DataRow(new[] { 3, 8, 8 }, "3×8×8")] // as ExtractPixels makes images
    [DataRow(new[] { 1, 512, 1, 1 }, "512×1×1")] // as ML.NET's own networks make features
    [DataRow(new[] { 512, 1 }, "512×1×1")]
    [DataRow(new[] { 1, 1, 7 }, "7×1×1")]
    [DataRow(new[] { 2, 3, 4, 5 }, "120×1×1")]
    public void Of_VectorForMlp_MayHaveAnySize(int[] dimensions, string shape)
    {
        var format = FeatureFormat.Of(Vector(dimensions), wanted: null, NoPropBackbone.Mlp);

        Assert.AreEqual((shape, PixelLayout.Planar), (format.Shape.ToString(), format.Layout));
    }

    [TestMethod]
    [DataRow(new[] { 64 }, 1, 8, 8, "Planar")]
    [DataRow(new[] { 216 }, 3, 8, 9, "Planar")]
    [DataRow(new[] { 8, 9 }, 1, 8, 9, "Planar")]
    [DataRow(new[] { 3, 8, 9 }, 3, 8, 9, "Planar")]
    [DataRow(new[] { 8, 9, 3 }, 3, 8, 9, "Interleaved")]
    [DataRow(new[] { 8, 9, 5 }, 5, 8, 9, "Interleaved")]
    [DataRow(new[] { 8, 8, 8 }, 8, 8, 8, "Planar")] // both would fit
    [DataRow(new[] { 1, 512, 1, 1 }, 512, 1, 1, "Planar")]
    [DataRow(new[] { 2, 3, 4, 5 }, 120, 1, 1, "Planar")]
    [DataRow(new[] { 1, 3, 8, 9 }, 3, 8, 9, "Planar")]
    [DataRow(new[] { 1, 8, 9, 3 }, 3, 8, 9, "Interleaved")]
    public void Of_VectorAndWantedShape_FindsTheLayoutThatFits(int[] dimensions, int channels, int height, int width, string layout)
    {
        var wanted = new ImageShape(channels, height, width);

        var format = FeatureFormat.Of(Vector(dimensions), wanted);

        Assert.AreEqual(wanted, format.Shape);
        Assert.AreEqual(layout, format.Layout.ToString());
    }

    [TestMethod]
    [DataRow(28, 20, 0, "3×28×20")]
    [DataRow(28, 20, 1, "1×28×20")]
    [DataRow(28, 20, 3, "3×28×20")]
    public void Of_ImageOfKnownSize_TakesItAndThreeChannelsUnlessOneIsWanted(int height, int width, int channels, string shape)
    {
        var wanted = channels == 0 ? null : new ImageShape(channels, height, width);

        var format = FeatureFormat.Of(Column(new ImageDataViewType(height, width)), wanted);

        Assert.AreEqual(shape, format.Shape.ToString());
        Assert.AreEqual(PixelLayout.Image, format.Layout);
    }

    [TestMethod]
    public void Of_ImageOfUnknownSize_TakesTheWantedOne()
    {
        var format = FeatureFormat.Of(Column(new ImageDataViewType()), new ImageShape(1, 12, 9));

        Assert.AreEqual(new ImageShape(1, 12, 9), format.Shape);
    }

    [TestMethod]
    [DataRow(new[] { 784 }, "flat vector of 784 values", "set ImageShape")]
    [DataRow(new[] { 7, 8 }, "images of 1×7×8", "at least 8×8")]
    [DataRow(new[] { 3, 8, 4 }, "images of 3×8×4", "at least 8×8")]
    public void Of_VectorThatGivesNoImage_SaysWhatIsMissing(int[] dimensions, string found, string needed)
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(Vector(dimensions), wanted: null));

        Assert.Contains("Column 'Features'", fault.Message);
        Assert.Contains(found, fault.Message);
        Assert.Contains(needed, fault.Message);
    }

    [TestMethod]
    [DataRow(new[] { 65 }, "65 values")]
    [DataRow(new[] { 8, 9 }, "72 values (8×9)")]
    [DataRow(new[] { 3, 8, 8 }, "192 values (3×8×8)")]
    public void Of_VectorThatDoesNotFit_NamesBothSizes(int[] dimensions, string found)
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(Vector(dimensions), new ImageShape(1, 8, 8)));

        Assert.Contains($"holds {found}, but NoProp needs 64 values (1×8×8)", fault.Message);
    }

    [TestMethod]
    public void Of_RightNumberOfValuesInNoLayout_NamesTheLayout()
    {
        var fault =
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(Vector([2, 2, 4, 4]), new ImageShape(1, 8, 8)));

        Assert.Contains("holds its 64 values as 2×2×4×4, which is no layout of images of 1×8×8. Use ExtractPixels", fault.Message);
        Assert.DoesNotContain("needs 64", fault.Message);
    }

    [TestMethod]
    public void Of_TableOfAnotherWidth_SpeaksOfValuesAlone()
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(Vector([11]), new ImageShape(12, 1, 1)));

        Assert.Contains("holds 11 values, but NoProp needs 12 values. Change the Concatenate that makes it", fault.Message);
    }

    [TestMethod]
    public void Of_BytesOfUnknownSize_TellsHowToReadImageFiles()
    {
        var column = Column(new VectorDataViewType(NumberDataViewType.Byte));

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(column, wanted: null));

        Assert.Contains(
            "as LoadRawImageBytes reads them for ImageClassification, make images of them before: Transforms.LoadImageFiles(",
            fault.Message);
    }

    [TestMethod]
    public void Of_VectorOfUnknownSize_SaysHowToSetIt()
    {
        var column = Column(new VectorDataViewType(NumberDataViewType.Single));

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(column, new ImageShape(1, 28, 28)));

        // What is wrong, what is needed, how to get there.
        Assert.AreEqual(
            "Column 'Features' is a vector of unknown size, but NoProp needs 784 values (1×28×28). Add ExtractPixels, or set the size "
                + "with [VectorType(n)].",
            fault.Message);
    }

    [TestMethod]
    [DataRow(0, 0, null, "unknown size")]
    [DataRow(28, 20, "3×28×21", "3×28×20")]
    [DataRow(28, 20, "2×28×20", "1 or 3 channels")]
    [DataRow(7, 9, null, "3×7×9")]
    public void Of_ImageThatDoesNotFit_SaysWhatWasFound(int height, int width, string? wanted, string found)
    {
        var shape =
            wanted?.Split('×')
                .Select(side => int.Parse(side, System.Globalization.CultureInfo.InvariantCulture))
                .ToArray() is [var c, var h, var w] ? new ImageShape(c, h, w) : null;
        var type = height == 0 ? new ImageDataViewType() : new ImageDataViewType(height, width);

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FeatureFormat.Of(Column(type), shape));

        Assert.Contains(found, fault.Message);
    }

    private static DataViewSchema.Column Vector(int[] dimensions) => Column(new VectorDataViewType(NumberDataViewType.Single, dimensions));

    private static DataViewSchema.Column Column(DataViewType type)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", type);
        return builder.ToSchema()[0];
    }
}
