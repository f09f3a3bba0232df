using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.ClassNames;

namespace NullaProp.ML.Tests.ClassNames;

[TestClass]
public sealed class ClassValuesTests
{
    private static readonly Dictionary<string, Action> RoundTrips = new()
    {
        ["Text"] =
            () => RoundTrip<ReadOnlyMemory<char>>(TextDataViewType.Instance, "shoe".AsMemory(), "".AsMemory(), "\"ü\n🙂\\".AsMemory()),
        ["Boolean"] = () => RoundTrip(BooleanDataViewType.Instance, false, true),
        ["SByte"] = () => RoundTrip(NumberDataViewType.SByte, sbyte.MinValue, sbyte.MaxValue),
        ["Byte"] = () => RoundTrip(NumberDataViewType.Byte, byte.MinValue, byte.MaxValue),
        ["Int16"] = () => RoundTrip(NumberDataViewType.Int16, short.MinValue, short.MaxValue),
        ["UInt16"] = () => RoundTrip(NumberDataViewType.UInt16, ushort.MinValue, ushort.MaxValue),
        ["Int32"] = () => RoundTrip(NumberDataViewType.Int32, int.MinValue, 0, int.MaxValue),
        ["UInt32"] = () => RoundTrip(NumberDataViewType.UInt32, uint.MinValue, uint.MaxValue),
        ["Int64"] = () => RoundTrip(NumberDataViewType.Int64, long.MinValue, long.MaxValue),
        ["UInt64"] = () => RoundTrip(NumberDataViewType.UInt64, ulong.MinValue, ulong.MaxValue),
        ["Single"] = () => RoundTrip(NumberDataViewType.Single, float.MinValue, 0.1f, float.Epsilon, float.NaN, float.NegativeInfinity),
        ["Double"] = () => RoundTrip(NumberDataViewType.Double, double.MaxValue, 0.1, double.Epsilon, double.NaN, double.PositiveInfinity),
        ["TimeSpan"] = () => RoundTrip(TimeSpanDataViewType.Instance, TimeSpan.MinValue, TimeSpan.FromTicks(1), TimeSpan.MaxValue),
        ["DateTime"] =
            () => RoundTrip(DateTimeDataViewType.Instance, new DateTime(2025, 3, 28, 1, 2, 3, 456).AddTicks(7), DateTime.MaxValue),
        ["DateTimeOffset"] =
            () => RoundTrip(
                DateTimeOffsetDataViewType.Instance,
                new DateTimeOffset(2025, 3, 28, 1, 2, 3, TimeSpan.FromHours(-5.5)),
                DateTimeOffset.MinValue),
    };

    public static IEnumerable<object[]> Types => RoundTrips.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void Of_JsonOfAnyType_GivesEveryValueBack(string type) => RoundTrips[type]();

    [TestMethod]
    public void Of_UnknownKindOfName_ListsTheTypesTestedHere()
    {
        var fault = Assert.ThrowsExactly<NotSupportedException>(() => ClassValueType.Of(RowIdDataViewType.Instance));

        Assert.Contains($"can keep only {string.Join(", ", RoundTrips.Keys)}.", fault.Message);
    }

    [TestMethod]
    public void Of_KeyOfAKey_SaysThatOneStepIsTooMany()
    {
        var fault = Assert.ThrowsExactly<NotSupportedException>(() => ClassValueType.Of(new KeyDataViewType(typeof(uint), 3)));

        Assert.AreEqual(
            "The labels are keys of keys: their column was a key already. Leave MapValueToKey out, or turn the key into its values by "
                + "MapKeyToValue first.",
            fault.Message);
    }

    // A local time would be another in the time zone of another machine.
    [TestMethod]
    public void Of_LocalTimes_AreTheSameInEveryZone()
    {
        var type = ClassValueType.Of(DateTimeDataViewType.Instance);
        var local = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Local);

        var json = ((ClassValueType<DateTime>)type).ToJson(local)!;
        var back = type.Parse(JsonSerializer.SerializeToElement(new[] { json }));

        Assert.AreEqual("\"2024-01-01T00:00:00\"", json.ToJsonString());
        Assert.AreEqual("01/01/2024 00:00:00", back.Names[0]);
    }

    [TestMethod]
    public void Names_TimesWithinASecond_Differ()
    {
        var time = new DateTime(2024, 1, 1);

        Assert.AreEqual("01/01/2024 00:00:00.0010000", ClassValueType<DateTime>.Format(time.AddMilliseconds(1)));
        Assert.AreEqual("01/01/2024 00:00:00", ClassValueType<DateTime>.Format(time));
        Assert.AreEqual(
            "01/01/2024 00:00:00 +02:00", ClassValueType<DateTimeOffset>.Format(new DateTimeOffset(time, TimeSpan.FromHours(2))));
    }

    [TestMethod]
    public void Of_BareKey_HasNoNames()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), 3));

        Assert.IsNull(ClassValues.Of(builder.ToSchema()[0], 3));
    }

    [TestMethod]
    public void Of_NamesOfAnotherNumber_AreNotTaken()
    {
        var column = Label<int>(NumberDataViewType.Int32, [1, 2, 3]);

        Assert.IsNull(ClassValues.Of(column, 4));
    }

    [TestMethod]
    public void Names_OfNumbersAndDates_AreInvariantText()
    {
        CollectionAssert.AreEqual(
            new[] { "-1.5", "NaN" },
            ClassValues.Of(Label<double>(NumberDataViewType.Double, [-1.5, double.NaN]), 2)!.Names.ToArray());
        CollectionAssert.AreEqual(
            new[] { "False", "True" },
            ClassValues.Of(Label<bool>(BooleanDataViewType.Instance, [false, true]), 2)!.Names.ToArray());
    }

    [TestMethod]
    [DataRow("""{"type":"Int32","values":[1,2]}""", "holds 2 class names for 3 classes")]
    [DataRow("""{"type":"Int32"}""", "holds 0 class names for 3 classes")]
    [DataRow("""{"type":"Colour","values":[1,2,3]}""", "unknown type 'Colour'")]
    [DataRow("""{"values":[1,2,3]}""", "unknown type ''")]
    [DataRow("""{"type":"Int32","values":[1,2,"x"]}""", "class name that is no Int32")]
    [DataRow("""{"type":"Byte","values":[1,2,256]}""", "class name that is no Byte")]
    [DataRow("""{"type":"Text","values":["a",null,"c"]}""", "class name that is no Text")]
    [DataRow("""{"type":"Text","values":["a",2,"c"]}""", "class name that is no Text")]
    [DataRow("""{"type":"Boolean","values":[true,{},false]}""", "class name that is no Boolean")]
    public void Of_DamagedJson_SaysWhatIsWrong(string json, string message)
    {
        var fault = Assert.ThrowsExactly<FormatException>(() => ClassValues.Of(JsonElement.Parse(json), 3));

        Assert.Contains(message, fault.Message);
        Assert.EndsWith("Train and save the model again.", fault.Message);
    }

    // Column annotations → names → JSON text → names → annotations of a new column.
    private static void RoundTrip<T>(PrimitiveDataViewType type, params T[] values)
    {
        var original = ClassValues.Of(Label(type, values), values.Length)!;

        var text = original.ToJson().ToJsonString();
        var read = ClassValues.Of(JsonElement.Parse(text), values.Length);

        CollectionAssert.AreEqual(original.Names.ToArray(), read.Names.ToArray());
        Assert.AreEqual(typeof(T) == typeof(ReadOnlyMemory<char>), read.AreText);
        var builder = new DataViewSchema.Annotations.Builder();
        read.AddTo(builder, "KeyValues");
        var annotations = builder.ToAnnotations();
        Assert.AreEqual(new VectorDataViewType(type, values.Length), annotations.Schema["KeyValues"].Type);
        VBuffer<T> back = default;
        annotations.GetValue("KeyValues", ref back);
        CollectionAssert.AreEqual(values.Select(Comparable).ToArray(), back.DenseValues().Select(Comparable).ToArray());
    }

    private static object Comparable<T>(T value) => value is ReadOnlyMemory<char> text ? text.ToString() : value!;

    private static DataViewSchema.Column Label<T>(PrimitiveDataViewType type, T[] values)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(
            "KeyValues",
            new VectorDataViewType(type, values.Length),
            (ref VBuffer<T> buffer) => buffer = new VBuffer<T>(values.Length, values));
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), values.Length), annotations.ToAnnotations());
        return builder.ToSchema()[0];
    }
}
