using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Storage;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Weights and stored draws that do not fit the description.</summary>
public sealed partial class ModelFileTests
{
    [TestMethod]
    public void Load_OtherClassCountThanTheWeights_NamesAWeight() =>
        Fault.Of<FormatException>(
            () => _good.With(ModelFile.DescriptionName, ModelZip.Edited("classCount", "3")).Load(_context),
            "the weight '",
            "' is F32 of shape (",
            "but must be F32 of shape (");

    [TestMethod]
    public void Load_OtherSizeThanTheWeights_NamesAWeight() =>
        Fault.Of<FormatException>(
            () => _good.With(ModelFile.DescriptionName, ModelZip.Edited("options.hiddenSize", "32")).Load(_context),
            "the weight 'backbone.output.weight' is F32 of shape (16, 256), but must be F32 of shape (32, 256)");

    [TestMethod]
    [DataRow(
        0.0,
        "The file 'weights.safetensors' of the model is damaged (The safetensors data ends after 0 bytes, but its first 8 must hold "
            + "the length of the header). Train and save the model again.")]
    [DataRow(0.01, "The file 'weights.safetensors' of the model is damaged (The safetensors data ends after ")]
    [DataRow(0.3, "The file 'weights.safetensors' of the model is damaged (The safetensors data ends after ")]
    [DataRow(0.999, "The file 'weights.safetensors' of the model is damaged (The safetensors data ends after ")]
    public void Load_TruncatedWeights_TellsWhereTheyEnd(double share, string words) =>
        Fault.Of<FormatException>(
            () => _good.With(ModelFile.WeightsName, bytes => bytes[..(int)(bytes.Length * share)]).Load(_context),
            words);

    [TestMethod]
    public void Load_WeightMissing_NamesIt() =>
        Fault.Of<FormatException>(
            () => With(tensors => tensors.Remove("head.output.bias")).Load(_context),
            "The file 'weights.safetensors' of the model is damaged (the weight 'head.output.bias' is missing). Train and save the "
                + "model again.");

    [TestMethod]
    public void Load_WeightOfAnotherShape_TellsBothShapes() =>
        Fault.Of<FormatException>(
            () => With(tensors => tensors["head.output.bias"] = new([3], new float[3])).Load(_context),
            "the weight 'head.output.bias' is F32 of shape (3), but must be F32 of shape (2)");

    [TestMethod]
    public void Load_WeightOfAnotherType_TellsBothTypes()
    {
        var changed = _good.With(ModelFile.WeightsName, bytes =>
        {
            using var scope = NewDisposeScope();
            return WrittenTensors.Foreign(WrittenTensors.Read(new MemoryStream(bytes))
                .Select(pair => KeyValuePair.Create(
                    pair.Key,
                    pair.Key == "head.output.bias" ? zeros(2, dtype: ScalarType.Float64) : pair.Value.ToTensor())));
        });

        Fault.Of<FormatException>(
            () => changed.Load(_context),
            "the weight 'head.output.bias' is F64 of shape (2), but must be F32 of shape (2)");
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void Load_WeightIsNoNumber_NamesIt(float value) =>
        Fault.Of<FormatException>(
            () => With(tensors => tensors["head.output.bias"] = new([2], [0, value])).Load(_context),
            "The file 'weights.safetensors' of the model is damaged (the weight 'head.output.bias' holds NaN or infinity). Train and "
                + "save the model again.");

    [TestMethod]
    public void Load_DrawsMissingOrOfAnotherShape_TellsWhatIsNeeded()
    {
        Fault.Of<FormatException>(() => With(tensors => tensors.Remove("draws")).Load(_context), "the weight 'draws' is missing");
        Fault.Of<FormatException>(
            () => With(tensors => tensors["draws"] = new([2, 3], new float[6])).Load(_context),
            "the weight 'draws' is F32 of shape (2, 3), but must be F32 of shape (2, 2)");
        Fault.Of<FormatException>(
            () =>
                With(tensors => tensors["draws"] = new([2, 2], [0, 0, float.NaN, 0])).Load(
                    _context), "the weight 'draws' holds NaN or infinity");
    }
}
