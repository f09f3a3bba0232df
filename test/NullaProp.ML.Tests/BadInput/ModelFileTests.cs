using System.Buffers.Binary;
using System.Text;
using Microsoft.ML;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Model files that are cut, damaged, newer or not ours. Nothing in them ends the process or stays in memory.</summary>
[TestClass]
public sealed partial class ModelFileTests
{
    private const string Header = "Model.key";

    // Offsets in ML.NET's header, from its ModelHeader: they have not changed since the first version.
    private const int ModelLength = 0x18;
    private const int Signature = 0x40;
    private const int VersionWritten = 0x48;
    private const int VersionReadable = 0x4C;
    private const int LoaderSignature = 0x50;

    private static readonly Lazy<ModelZip> Good = new(() =>
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context, Tiny.Options with { Sampling = Tiny.Options.Sampling with { Draws = 2 } });
        return ModelZip.Of(context, model);
    });

    private readonly MLContext _context = new(seed: 1);
    private readonly ModelZip _good = Good.Value;

    [TestMethod]
    public void Load_GoodFile_Scores()
    {
        var before = Fault.LiveTensors;

        using (var model = _good.Load<NoPropTransformer>(_context))
        {
            Tiny.AssertScores(_context, model);
        }

        Assert.AreEqual(before, Fault.LiveTensors);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.001)]
    [DataRow(0.25)]
    [DataRow(0.5)]
    [DataRow(0.75)]
    [DataRow(0.99)]
    [DataRow(0.9999)]
    public void Load_TruncatedZip_ThrowsWhatMLNetSays(double share)
    {
        var cut = new ModelZip(_good.Bytes[..(int)(_good.Bytes.Length * share)]);

        Fault.Caused<FormatException>(() => cut.Load(_context), "Failed to open a zip archive");
    }

    [TestMethod]
    public void Load_TextFile_ThrowsWhatMLNetSays() =>
        Fault.Caused<FormatException>(() => new ModelZip("This is no model."u8.ToArray()).Load(_context), "Failed to open a zip archive");

    [TestMethod]
    [DataRow("")]
    [DataRow("This is no model.")]
    public void Check_FileThatIsNoZip_NamesItAndItsLength(string text)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("m.zip"), text);

        Fault.Of<FormatException>(
            () => NoPropModelFile.Check(folder.File("m.zip")),
            $"The file '{folder.File("m.zip")}' of {text.Length} bytes is no model, or only a part of one: it is no whole zip file.");
    }

    [TestMethod]
    public void Check_ModelCutInHalf_NamesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("m.zip"), _good.Bytes[..(_good.Bytes.Length / 2)]);

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), $"The file '{folder.File("m.zip")}' of");
    }

    [TestMethod]
    public void Check_Folder_SaysThatItIsOne()
    {
        using var folder = new TempFolder();

        var fault = Assert.ThrowsExactly<IOException>(() => NoPropModelFile.Check(folder.Path));

        Assert.AreEqual($"'{folder.Path}' is a folder, but must be the zip file of a model.", fault.Message);
    }

    [TestMethod]
    [DataRow(0x00020001u, "2.1")]
    [DataRow(0x00030000u, "3.0")]
    [DataRow(uint.MaxValue, "65535.65535")]
    public void Load_NewerVersion_SaysToUpdate(uint version, string text)
    {
        var newer = _good.With(Header, Changed(VersionReadable, version, alsoAt: VersionWritten));

        Fault.Of<FormatException>(
            () => newer.Load(_context),
            $"The model was written by a newer NullaProp.ML (model format {text}); this one reads up to 2.0. Update the package "
                + $"NullaProp.ML.");
    }

    [TestMethod]
    public void Load_NewerVersionWithUnknownOption_SaysToUpdateAndNotThatItIsDamaged()
    {
        var newer = _good
            .With(ModelFile.DescriptionName, ModelZip.Edited("options.newOption", "1"))
            .With(Header, Changed(VersionReadable, 0x00020001, alsoAt: VersionWritten));

        Fault.Of<FormatException>(() => newer.Load(_context), "The model was written by a newer NullaProp.ML (model format 2.1)");
    }

    [TestMethod]
    public void Load_VersionBeforeTheFirstRelease_SaysToTrainAgain()
    {
        var older = _good.With(Header, Changed(VersionReadable, 0x00010001, alsoAt: VersionWritten));

        Fault.Of<FormatException>(
            () => older.Load(_context),
            "The model was written by a version of NullaProp.ML before 0.1.0 (model format 1.1), whose weights meant something else; "
                + "this one reads 2.0 to 2.0. Train and save the model again.");
    }

    [TestMethod]
    [DataRow(Signature)]
    [DataRow(ModelLength)]
    public void Load_HeaderOfAnotherModel_SaysSo(int offset)
    {
        // Some bytes more behind the header make a longer model block valid.
        var foreign = _good.With(Header, bytes => offset == ModelLength ? WithLongerBlock(bytes) : Changed(offset, 0x4C434C43)(bytes));

        Fault.Of<FormatException>(
            () => foreign.Load(_context),
            "The model's header is not that of a NoProp model; the file is damaged or was not written by NullaProp.ML. Train and save "
                + "the model again.");
    }

    [TestMethod]
    public void Load_UnknownLoader_ThrowsWhatMLNetSays()
    {
        var foreign = _good.With(Header, Changed(LoaderSignature, 0x78787878));

        Fault.Caused<FormatException>(() => foreign.Load(_context), "Couldn't load model");
    }

    [TestMethod]
    [DataRow("nopropclassifier")]
    [DataRow("NoPropClassifier ")]
    public void LoadAndCheck_LoaderThatMLNetTakesForOurs_IsRefusedByBoth(string name)
    {
        using var folder = new TempFolder();
        var changed = _good.With(Header, Loader(name));
        File.WriteAllBytes(folder.File("m.zip"), changed.Bytes);

        Fault.Of<FormatException>(() => changed.Load(_context), "The model's header is not that of a NoProp model");
        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), "holds no NoProp model");
    }

    [TestMethod]
    public void Load_OurContentsUnderAnothersLoader_IsRefusedByTheOther()
    {
        var foreign = _good.With(Header, Loader("TermTransform"));

        Assert.ThrowsExactly<FormatException>(() => foreign.Load(_context));
    }

    [TestMethod]
    [DataRow(ModelFile.DescriptionName)]
    [DataRow(ModelFile.WeightsName)]
    public void Load_EntryMissing_NamesIt(string name) =>
        Fault.Of<FormatException>(
            () => _good.With(name, _ => null).Load(_context),
            $"The model has no file '{name}'; it is damaged or was not written by NullaProp.ML. Train and save the model again.");

    [TestMethod]
    [DataRow("", "The file 'model.json' of the model is damaged (")]
    [DataRow("{", "The file 'model.json' of the model is damaged (")]
    [DataRow("[]", "The file 'model.json' of the model is damaged (it is no JSON object). Train and save the model again.")]
    [DataRow("null", "The file 'model.json' of the model is damaged (it is no JSON object).")]
    [DataRow("{}", "The file 'model.json' of the model is damaged ('format' is missing).")]
    [DataRow("{\"options\":{},\"options\":{}}", "The file 'model.json' of the model is damaged (")]
    [DataRow("{\"options\":7}", "The file 'model.json' of the model is damaged (")]
    public void Load_BrokenDescription_SaysSo(string text, string sentence) =>
        Fault.Of<FormatException>(() => _good.With(ModelFile.DescriptionName, _ => Encoding.UTF8.GetBytes(text)).Load(_context), sentence);

    [TestMethod]
    [DataRow("options.sampling.solverSteps", "0", "SolverSteps is 0, but must be from 1 to 10000.")]
    [DataRow("options.sampling.solverSteps", "\"many\"", "'solverSteps' is \"many\", but must be a whole number")]
    [DataRow("options.labelColumnName", "null", "LabelColumnName is empty")]
    [DataRow("options.sampling.solver", "\"Magic\"", "'solver' is \"Magic\", but must be one of Euler")]
    [DataRow("options.sampling.solver", "77", "'solver' is 77, but must be one of Euler")]
    [DataRow("options.learningRate", "1e999", "LearningRate is Infinity")]
    [DataRow("options.newOption", "1", "newOption")]
    [DataRow("imageShape.height", "4", "ImageShape is 1×4×8")]
    [DataRow("imageShape.channels", "2147483647", "ImageShape is 2147483647×8×8")]
    [DataRow("imageShape", "null", "'imageShape' is missing")]
    [DataRow("classCount", "1", "'classCount' is 1, but must be from 2 to 65536")]
    [DataRow("classCount", "1000000", "'classCount' is 1000000, but must be from 2 to 65536")]
    [DataRow("classCount", "\"two\"", "'classCount' is \"two\", but must be a whole number")]
    [DataRow("classCount", "2.5", "'classCount' is 2.5, but must be a whole number")]
    [DataRow("seed", "null", "'seed' is missing")]
    [DataRow("seed", "99999999999", "'seed' is 99999999999, but must be a whole number from -2147483648 to 2147483647")]
    [DataRow("classes", "5", "'classes' is 5, but must be an object")]
    public void Load_DamagedDescription_TellsTheMember(string member, string value, string words) =>
        Fault.Of<FormatException>(
            () => _good.With(ModelFile.DescriptionName, ModelZip.Edited(member, value)).Load(_context),
            "The file 'model.json' of the model is damaged (",
            words,
            "Train and save the model again.");

    [TestMethod]
    [DataRow("{}", "The model file holds 0 class names for 2 classes; it is damaged. Train and save the model again.")]
    [DataRow("{\"type\":\"Text\",\"values\":[\"a\"]}", "The model file holds 1 class names for 2 classes; it is damaged.")]
    [DataRow(
        "{\"type\":\"Colour\",\"values\":[\"a\",\"b\"]}",
        "The model file has class names of the unknown type 'Colour'; it is damaged.")]
    [DataRow("{\"type\":\"Int32\",\"values\":[\"a\",\"b\"]}", "The model file has a class name that is no Int32 (")]
    [DataRow(
        "{\"type\":\"Text\",\"values\":[\"a\",null]}",
        "The model file has a class name that is no Text (a name is null); it is damaged.")]
    [DataRow("{\"type\":\"Byte\",\"values\":[1,256]}", "The model file has a class name that is no Byte (")]
    public void Load_DamagedClassNames_SaysSo(string classes, string sentence) =>
        Fault.Of<FormatException>(
            () => _good.With(ModelFile.DescriptionName, ModelZip.Edited("classes", classes)).Load(_context),
            sentence);

    [TestMethod]
    public void Load_DamagedModelInAChain_IsNamedThroughMLNet()
    {
        using var model = _good.Load<NoPropTransformer>(_context);
        using var stream = new MemoryStream();
        _context.Model.Save(new Microsoft.ML.Data.TransformerChain<NoPropTransformer>(model), Tiny.Data(_context).Schema, stream);
        var chain = new ModelZip(stream.ToArray()).With("Transform_000/" + ModelFile.WeightsName, bytes => bytes[..100]);

        Fault.Of<FormatException>(
            () => chain.Load(_context),
            "The file 'weights.safetensors' of the model is damaged (The safetensors data ends after ");

        Tiny.AssertScores(_context, model);
    }

    private static Func<byte[], byte[]> Loader(string name) => bytes =>
        [.. bytes[..LoaderSignature], .. Encoding.ASCII.GetBytes(name.PadRight(24, '\0')), .. bytes[(LoaderSignature + 24)..]];

    private static Func<byte[], byte[]> Changed(int offset, uint value, int? alsoAt = null) => bytes =>
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        if (alsoAt is { } second)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(second), value);
        }

        return bytes;
    };

    // Eight bytes more in the model block, and all places behind it moved by as much.
    private static byte[] WithLongerBlock(byte[] bytes)
    {
        const int added = 8;
        int[] places = [ModelLength, 0x20, 0x30, 0x80, 0x88, 0x90];
        foreach (var place in places)
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(place));
            if (place == ModelLength || value != 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), value + added);
            }
        }

        return [.. bytes[..256], .. new byte[added], .. bytes[256..]];
    }

    private ModelZip With(Action<IDictionary<string, HostTensor>> change) => _good.With(ModelFile.WeightsName, bytes =>
    {
        var tensors = WrittenTensors.Read(new MemoryStream(bytes));
        change(tensors);
        return WrittenTensors.Written(tensors);
    });
}
