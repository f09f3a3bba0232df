using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Tests.Storage;

[TestClass]
public sealed class ModelDescriptionTests
{
    private const string Hash = "00ff";

    private static readonly ImageShape Shape = new(3, 9, 13);

    public static IEnumerable<object[]> Options =>
    [
        ["default", new NoPropOptions()],
        ["nullaprop", NoPropOptions.JaxReference],
        [
            "baseline",
            new NoPropOptions
            {
                Seed = -5,
                ImageShape = Shape,
                LearningRate = 0.1 + 0.2,
                LabelColumnName = "Größe \"1\"",
                Variant = new CrossEntropyBaseline(),
            },
        ],
        [
            "weights",
            new NoPropOptions
            {
                ClassWeights = new([new("Größe \"1\"", 0.1 + 0.2), new("", 7)]),
                ClassWeighting = ClassWeighting.Balanced,
                ExampleWeightColumnName = "Weight",
            },
        ],
    ];

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Read_WhatWriteWrote_GivesEveryValueBack(string name, NoPropOptions options)
    {
        var keys = ClassValues.Of(JsonElement.Parse("""{"type":"Text","values":["a","b"]}"""), 2);
        var description = new ModelDescription(options, Shape, 2, keys, Seed: -7) { WeightsHash = Hash };

        var read = ModelDescription.Read(Written(description));

        Assert.AreEqual(options, read.Options, name);
        Assert.AreEqual((Shape, 2, -7, Hash), (read.Shape, read.Classes, read.Seed, read.WeightsHash));
        CollectionAssert.AreEqual(new[] { "a", "b" }, read.Keys!.Names.ToArray());
    }

    [TestMethod]
    public void Read_SlotNames_AreThoseThatWereWritten()
    {
        var options = new NoPropOptions { Backbone = NoPropBackbone.Mlp };
        var description = new ModelDescription(options, new ImageShape(2, 1, 1), 2, null, 0)
        {
            WeightsHash = Hash,
            SlotNames = ["Height", "\u00dc\"x"],
        };

        CollectionAssert.AreEqual(new[] { "Height", "\u00dc\"x" }, ModelDescription.Read(Written(description)).SlotNames.ToArray());
    }

    [TestMethod]
    [DataRow("""["Height"]""")]
    [DataRow("""["Height", null]""")]
    [DataRow("\"Height\"")]
    public void Read_SlotNamesOfAnotherNumber_ThrowsThatItIsDamaged(string names)
    {
        var options = new NoPropOptions { Backbone = NoPropBackbone.Mlp };
        var description = new ModelDescription(options, new ImageShape(2, 1, 1), 2, null, 0) { WeightsHash = Hash };
        var json = JsonNode.Parse(Written(description))!.AsObject();
        json["slotNames"] = JsonNode.Parse(names);

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.Contains("slotNames", fault.Message);
    }

    [TestMethod]
    public void Read_BareKey_HasNoNames()
    {
        var read = ModelDescription.Read(Written(new ModelDescription(new NoPropOptions(), Shape, 2, null, 0) { WeightsHash = Hash }));

        Assert.IsNull(read.Keys);
    }

    [TestMethod]
    public void Write_AnyOptions_NamesEveryOneThatIsTheModelsAndChoicesByName()
    {
        var options = Json(new NoPropOptions())["options"]!.AsObject();

        var names = typeof(NoPropOptions)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite)
            .Select(property => property.Name)
            .Except([nameof(NoPropOptions.BackboneWeightsPath), nameof(NoPropOptions.FineTuning)]); // read by Fit alone
        CollectionAssert.AreEquivalent(
            names.Select(name => char.ToLowerInvariant(name[0]) + name[1..]).ToArray(),
            options.Select(pair => pair.Key).ToArray());
        Assert.AreEqual("Heun", options["sampling"]!["solver"]!.GetValue<string>());
    }

    [TestMethod]
    [DataRow("", "damaged")]
    [DataRow("[]", "no JSON object")]
    [DataRow("{", "damaged")]
    [DataRow("""{"imageShape":null}""", "'format' is missing")]
    public void Read_NoDescription_SaysSo(string text, string message)
    {
        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(Encoding.UTF8.GetBytes(text)));

        Assert.Contains("'model.json'", fault.Message);
        Assert.Contains(message, fault.Message);
    }

    [TestMethod]
    [DataRow("classCount", "1", "'classCount' is 1")]
    [DataRow("classCount", "65537", "'classCount' is 65537")]
    [DataRow("classCount", "\"2\"", "'classCount' is \"2\", but must be a whole number")]
    [DataRow("classCount", "4294967296", "'classCount' is 4294967296, but must be a whole number")]
    [DataRow("classCount", "null", "'classCount' is missing")]
    [DataRow("seed", "null", "'seed' is missing")]
    [DataRow("format", "\"2.1\"", "its format is '2.1', but must be '2.0' as in the model's header")]
    [DataRow("weightsSha256", "null", "'weightsSha256' is missing")]
    [DataRow("options", """{"backboneWeightsPath":"/home/somebody/w"}""", "'options' has no option 'backboneWeightsPath'")]
    [DataRow("imageShape", """{"channels":1,"height":7,"width":8}""", "ImageShape is 1×7×8")]
    [DataRow("imageShape", """{"channels":1,"height":8,"width":8,"depth":2}""", "depth")]
    [DataRow("imageShape", """{"channels":1,"height":8}""", "lacks 'width'")]
    [DataRow("imageShape", "[1,8,8]", "'imageShape' is an array, but must be an object")]
    [DataRow("options", "[]", "'options' is an array, but must be an object")]
    [DataRow("options", """{"sampling":{"solver":"Leapfrog"}}""", "'solver' is \"Leapfrog\", but must be one of Euler, Heun")]
    [DataRow("options", """{"sampling":{"solver":null}}""", "'solver' is null, but must be one of Euler, Heun")]
    [DataRow("options", """{"sampling":{"solver":7}}""", "'solver' is 7, but must be one of Euler, Heun")]
    [DataRow("options", """{"sampling":{"solver":"77"}}""", "'solver' is \"77\", but must be one of Euler, Heun")]
    [DataRow("options", """{"sampling":{"solver":"Euler, Heun"}}""", "'solver' is \"Euler, Heun\", but must be one of Euler, Heun")]
    [DataRow("options", """{"epochs":1.5}""", "'epochs' is 1.5, but must be a whole number")]
    [DataRow("options", """{"maxCachedBytes":1e99}""", "'maxCachedBytes' is 1e99, but must be a whole number")]
    [DataRow("options", """{"learningRate":"fast"}""", "'learningRate' is \"fast\", but must be a number")]
    [DataRow("options", """{"learningRate":1e999}""", "LearningRate is Infinity")]
    [DataRow("options", """{"labelColumnName":5}""", "'labelColumnName' is 5, but must be a text")]
    [DataRow("options", """{"labelColumnName":null}""", "LabelColumnName is empty")]
    [DataRow(
        "options",
        """{"labelColumnName":["a long text that would make the message unreadable"]}""",
        "'labelColumnName' is an array, but must be a text")]
    [DataRow(
        "options",
        """{"learningRate":"a long text that would make the message unreadable"}""",
        "'learningRate' is \"a long text that would make the message…, but")]
    [DataRow("options", """{"sampling":{"solverSteps":0}}""", "SolverSteps is 0")]
    [DataRow("options", """{"sorcery":1}""", "sorcery")]
    [DataRow("options", """{"classWeights":{"a":0}}""", "ClassWeights gives class 'a' the weight 0")]
    [DataRow("options", """{"classWeights":{"a":"heavy"}}""", "damaged")]
    [DataRow("options", """{"classWeights":[1,2]}""", "damaged")]
    public void Read_OneValueDamaged_SaysWhich(string name, string value, string message)
    {
        var json = Json(new NoPropOptions());
        if (name == "options" && JsonNode.Parse(value) is JsonObject changed)
        {
            Change(json["options"]!.AsObject(), changed);
        }
        else
        {
            json[name] = JsonNode.Parse(value);
        }

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.Contains(message, fault.Message);
    }

    [TestMethod]
    public void Read_MemberTwice_SaysSo()
    {
        var text = """{"seed":1,"seed":2}""";

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(Encoding.UTF8.GetBytes(text)));

        Assert.Contains("seed", fault.Message);
    }

    [TestMethod]
    public void Read_OptionThatIsMissing_SaysWhich()
    {
        var json = Json(new NoPropOptions { Sampling = new() { SolverSteps = 9 } });
        json["options"]!.AsObject().Remove("weightDecay");

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.Contains("'options' lacks the option 'weightDecay'", fault.Message);
    }

    [TestMethod]
    public void Write_PathOfPretrainedWeights_IsNotInTheFile()
    {
        var options = new NoPropOptions { BackboneWeightsPath = "/home/somebody/weights" };

        var text = Encoding.UTF8.GetString(Written(new ModelDescription(options, Shape, 2, null, 0) { WeightsHash = Hash }));

        Assert.DoesNotContain("somebody", text);
        Assert.DoesNotContain("backboneWeightsPath", text, StringComparison.OrdinalIgnoreCase);
    }

    private static void Change(JsonObject options, JsonObject changed)
    {
        foreach (var (option, value) in changed)
        {
            if (option == "sampling")
            {
                Change(options[option]!.AsObject(), value!.AsObject());
            }
            else
            {
                options[option] = value?.DeepClone();
            }
        }
    }

    private static JsonObject Json(NoPropOptions options) =>
        JsonNode.Parse(Written(new ModelDescription(options, Shape, 2, null, 0) { WeightsHash = Hash }))!.AsObject();

    private static byte[] Written(ModelDescription description)
    {
        using var stream = new MemoryStream();
        description.Write(stream);
        return stream.ToArray();
    }
}
