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
    private static readonly ImageShape Shape = new(3, 9, 13);

    public static IEnumerable<object[]> Options =>
    [
        ["default", new NoPropOptions()],
        ["nullaprop", NoPropOptions.Nullaprop],
        ["baseline", new NoPropOptions { Variant = NoPropVariant.CrossEntropyBaseline, Seed = -5, ImageShape = Shape, LearningRate = 0.1 + 0.2, LabelColumnName = "Größe \"1\"" }],
        ["weights", new NoPropOptions { ClassWeights = new([new("Größe \"1\"", 0.1 + 0.2), new("", 7)]), ClassWeighting = ClassWeighting.Balanced, ExampleWeightColumnName = "Weight" }],
    ];

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Read_WhatWriteWrote_GivesEveryValueBack(string name, NoPropOptions options)
    {
        var keys = ClassValues.Of(JsonElement.Parse("""{"type":"Text","values":["a","b"]}"""), 2);
        var description = new ModelDescription(options, Shape, 2, keys, Seed: -7);

        var read = ModelDescription.Read(new MemoryStream(Written(description)));

        Assert.AreEqual(options, read.Options, name);
        Assert.AreEqual((Shape, 2, -7), (read.Shape, read.Classes, read.Seed));
        CollectionAssert.AreEqual(new[] { "a", "b" }, read.Keys!.Names.ToArray());
    }

    [TestMethod]
    public void Read_BareKey_HasNoNames()
    {
        var read = ModelDescription.Read(new MemoryStream(Written(new ModelDescription(new NoPropOptions(), Shape, 2, null, 0))));

        Assert.IsNull(read.Keys);
    }

    [TestMethod]
    public void Write_AnyOptions_NamesEveryOneOfThemAndChoicesByName()
    {
        var options = Json(new NoPropOptions())["options"]!.AsObject();

        var names = typeof(NoPropOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => property.Name);
        CollectionAssert.AreEquivalent(names.Select(name => char.ToLowerInvariant(name[0]) + name[1..]).ToArray(), options.Select(pair => pair.Key).ToArray());
        Assert.AreEqual("Heun", options["solver"]!.GetValue<string>());
    }

    [TestMethod]
    [DataRow("", "damaged")]
    [DataRow("[]", "no JSON object")]
    [DataRow("{", "damaged")]
    [DataRow("""{"imageShape":null}""", "'options' is missing")]
    public void Read_NoDescription_SaysSo(string text, string message)
    {
        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(new MemoryStream(Encoding.UTF8.GetBytes(text))));

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
    [DataRow("imageShape", """{"channels":1,"height":7,"width":8}""", "ImageShape is 1×7×8")]
    [DataRow("imageShape", """{"channels":1,"height":8,"width":8,"depth":2}""", "depth")]
    [DataRow("imageShape", """{"channels":1,"height":8}""", "lacks 'width'")]
    [DataRow("imageShape", "[1,8,8]", "'imageShape' is an array, but must be an object")]
    [DataRow("options", "[]", "'options' is an array, but must be an object")]
    [DataRow("options", """{"solver":"Leapfrog"}""", "'solver' is \"Leapfrog\", but must be one of Euler, Heun")]
    [DataRow("options", """{"solver":null}""", "'solver' is null, but must be one of Euler, Heun")]
    [DataRow("options", """{"solver":7}""", "'solver' is 7, but must be one of Euler, Heun")]
    [DataRow("options", """{"solver":"77"}""", "'solver' is \"77\", but must be one of Euler, Heun")]
    [DataRow("options", """{"solver":"Euler, Heun"}""", "'solver' is \"Euler, Heun\", but must be one of Euler, Heun")]
    [DataRow("options", """{"epochs":1.5}""", "'epochs' is 1.5, but must be a whole number")]
    [DataRow("options", """{"maxCachedBytes":1e99}""", "'maxCachedBytes' is 1e99, but must be a whole number")]
    [DataRow("options", """{"learningRate":"fast"}""", "'learningRate' is \"fast\", but must be a number")]
    [DataRow("options", """{"learningRate":1e999}""", "LearningRate is Infinity")]
    [DataRow("options", """{"labelColumnName":5}""", "'labelColumnName' is 5, but must be a text")]
    [DataRow("options", """{"labelColumnName":null}""", "LabelColumnName is empty")]
    [DataRow("options", """{"labelColumnName":["a long text that would make the message unreadable"]}""", "'labelColumnName' is an array, but must be a text")]
    [DataRow("options", """{"learningRate":"a long text that would make the message unreadable"}""", "'learningRate' is \"a long text that would make the message…, but")]
    [DataRow("options", """{"solverSteps":0}""", "SolverSteps is 0")]
    [DataRow("options", """{"sorcery":1}""", "sorcery")]
    [DataRow("options", """{"classWeights":{"a":0}}""", "ClassWeights gives class 'a' the weight 0")]
    [DataRow("options", """{"classWeights":{"a":"heavy"}}""", "damaged")]
    [DataRow("options", """{"classWeights":[1,2]}""", "damaged")]
    public void Read_OneValueDamaged_SaysWhich(string name, string value, string message)
    {
        var json = Json(new NoPropOptions());
        json[name] = JsonNode.Parse(value);

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(new MemoryStream(Encoding.UTF8.GetBytes(json.ToJsonString()))));

        Assert.Contains(message, fault.Message);
    }

    [TestMethod]
    public void Read_MemberTwice_SaysSo()
    {
        var text = """{"seed":1,"seed":2}""";

        var fault = Assert.ThrowsExactly<FormatException>(() => ModelDescription.Read(new MemoryStream(Encoding.UTF8.GetBytes(text))));

        Assert.Contains("seed", fault.Message);
    }

    // A later version may add options; a model that lacks one has its default, which is how the model was trained.
    [TestMethod]
    public void Read_OptionThatIsMissing_HasItsDefault()
    {
        var json = Json(new NoPropOptions { SolverSteps = 9 });
        json["options"]!.AsObject().Remove("weightDecay");

        var read = ModelDescription.Read(new MemoryStream(Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.AreEqual(new NoPropOptions { SolverSteps = 9 }, read.Options);
    }

    // Flow matching said the whole velocity before there was a choice.
    [TestMethod]
    public void Read_VelocityFormThatIsMissing_IsRaw()
    {
        var json = Json(new NoPropOptions { Variant = NoPropVariant.FlowMatching });
        json["options"]!.AsObject().Remove("velocityForm");

        var read = ModelDescription.Read(new MemoryStream(Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.AreEqual(VelocityForm.Raw, read.Options.VelocityForm);
    }

    private static JsonObject Json(NoPropOptions options) => JsonNode.Parse(Written(new ModelDescription(options, Shape, 2, null, 0)))!.AsObject();

    private static byte[] Written(ModelDescription description)
    {
        using var stream = new MemoryStream();
        description.Write(stream);
        return stream.ToArray();
    }
}
