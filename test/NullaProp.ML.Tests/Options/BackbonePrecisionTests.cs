using NullaProp.ML.Interop;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class BackbonePrecisionTests
{
    [TestMethod]
    [DataRow(BackbonePrecision.Automatic)]
    [DataRow(BackbonePrecision.Full)]
    public void Validate_PrecisionThatAnOwnModuleHas_IsAccepted(BackbonePrecision precision)
    {
        new NoPropOptions { Backbone = NoPropBackbone.Custom, BackboneName = "mine", BackbonePrecision = precision }.Validate();
    }

    [TestMethod]
    [DataRow(NoPropBackbone.Custom, "mine")]
    [DataRow(NoPropBackbone.PretrainedResNet18, null)]
    public void Validate_BFloat16ForANetworkThatHasNone_SaysWhatToChoose(NoPropBackbone backbone, string? name)
    {
        var options = new NoPropOptions
        {
            Backbone = backbone,
            BackboneName = name,
            BackbonePrecision = BackbonePrecision.BFloat16,
        };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains(
            $"BackbonePrecision is BFloat16, but Backbone {backbone} computes in the single precision of its parameters: choose "
                + "Automatic or Full.",
            fault.Message);
    }

    [TestMethod]
    [DataRow(BackbonePrecision.Full)]
    [DataRow(BackbonePrecision.BFloat16)]
    public void Choose_NamedPrecision_IsKept(BackbonePrecision precision)
    {
        var options = new NoPropOptions { BackbonePrecision = precision };

        Assert.AreEqual(options, FastBFloat16.Choose(options, CPU));
    }

    [TestMethod]
    [DataRow(NoPropBackbone.Mlp)]
    [DataRow(NoPropBackbone.Custom)]
    public void Choose_NetworkWithoutConvolutionsOfTheLibrary_IsFull(NoPropBackbone backbone)
    {
        Assert.AreEqual(BackbonePrecision.Full, FastBFloat16.Choose(new NoPropOptions { Backbone = backbone }, CPU).BackbonePrecision);
    }

    [TestMethod]
    public void Choose_Automatic_ChangesNothingElse()
    {
        var options = new NoPropOptions { Epochs = 3 };

        var chosen = FastBFloat16.Choose(options, CPU);

        Assert.AreNotEqual(BackbonePrecision.Automatic, chosen.BackbonePrecision);
        Assert.AreEqual(options, chosen with { BackbonePrecision = BackbonePrecision.Automatic });
    }
}
