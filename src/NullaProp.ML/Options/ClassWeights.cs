using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NullaProp.ML;

/// <summary>
/// How much the rows of each class count in training, by the class's name. A value: two with the same names and weights are equal, in
/// whatever order.
/// </summary>
/// <example><code>new NoPropOptions { ClassWeights = new(new Dictionary&lt;string, double&gt; { ["newt"] = 5 }) }</code></example>
[JsonConverter(typeof(ClassWeightsJson))]
public sealed class ClassWeights : IEquatable<ClassWeights>
{
    private readonly OrderedDictionary<string, double> _byName = new(StringComparer.Ordinal);

    /// <summary>Creates the weights.</summary>
    /// <param name="weights">
    /// Names of classes, each once, and their weights, above 0 and at most 1,000,000. A class that is not named has weight 1.
    /// </param>
    /// <exception cref="ArgumentException">A name occurs twice.</exception>
    public ClassWeights(IEnumerable<KeyValuePair<string, double>> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        foreach (var (name, weight) in weights)
        {
            ArgumentNullException.ThrowIfNull(name, nameof(weights));
            if (!_byName.TryAdd(name, weight))
            {
                throw new ArgumentException(
                    $"Class '{name}' is given two weights, but a class has one. Name every class once.",
                    nameof(weights));
            }
        }
    }

    /// <summary>Gets the weights by class name, in the order in which they were given.</summary>
    public IReadOnlyDictionary<string, double> ByName => _byName;

    /// <summary>Returns the weight of a class.</summary>
    /// <param name="className">Its name.</param>
    /// <returns>The weight, 1 for a class that is not named.</returns>
    public double Of(string className)
    {
        ArgumentNullException.ThrowIfNull(className);
        return _byName.TryGetValue(className, out var weight) ? weight : 1;
    }

    /// <inheritdoc/>
    public bool Equals(ClassWeights? other) =>
        other is not null && _byName.Count == other._byName.Count && _byName.All(
            pair => other._byName.TryGetValue(pair.Key, out var weight) && weight.Equals(pair.Value));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ClassWeights);

    /// <inheritdoc/>
    public override int GetHashCode() => _byName.Aggregate(0, (code, pair) => code ^ HashCode.Combine(pair.Key, pair.Value));

    /// <summary>Returns names and weights, for instance <c>cat 2, dog 0.5</c>.</summary>
    /// <returns>Pairs of name and weight, joined by commas.</returns>
    public override string ToString() =>
        string.Join(", ", _byName.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));
}

/// <summary>How much the classes count in training by the number of their rows.</summary>
public enum ClassWeighting
{
    /// <summary>A row counts the same whatever its class, so that a class counts by its number of rows.</summary>
    None,

    /// <summary>
    /// A row of class k counts n/(K·n_k), n rows in K classes and n_k of them in class k, so that every class counts the same. A class
    /// without rows has no effect.
    /// </summary>
    Balanced,
}

/// <summary>Writes <see cref="ClassWeights"/> as a JSON object of names and numbers.</summary>
internal sealed class ClassWeightsJson : JsonConverter<ClassWeights>
{
    /// <inheritdoc/>
    public override ClassWeights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(JsonSerializer.Deserialize<OrderedDictionary<string, double>>(ref reader, options)
            ?? throw new JsonException("the class weights are null"));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ClassWeights value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, weight) in value.ByName)
        {
            writer.WriteNumber(name, weight);
        }

        writer.WriteEndObject();
    }
}
