using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML;

// Trains on dark and bright pictures, saves, loads in a fresh context, and predicts with both.
var mlContext = new MLContext(seed: 1);
var rows = Enumerable.Range(0, 64).Select(i => Picture.Of(bright: i % 2 == 0, seed: i)).ToList();
var data = mlContext.Data.LoadFromEnumerable(rows);

var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.NoProp(new NoPropOptions { Epochs = 4, ImageShape = new(1, 8, 8) }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var model = pipeline.Fit(data);
mlContext.Model.SaveAtomically(model, data.Schema, "model.zip");

var other = new MLContext();
var loaded = other.Model.Load("model.zip", out _);
using var engine = other.Model.CreatePredictionEngine<Picture, Guess>(loaded);
var own = model.Transform(data).GetColumn<float[]>("Score").ToList();
var right = 0;
for (var i = 0; i < rows.Count; i++)
{
    var guess = engine.Predict(rows[i]);
    right += guess.PredictedLabel == rows[i].Label ? 1 : 0;
    var difference = guess.Score.Zip(own[i], (a, b) => Math.Abs(a - b)).Max();
    if (difference > 1e-5)
        throw new InvalidOperationException($"Row {i} scores {difference} otherwise after a reload.");
}

if (right < rows.Count)
    throw new InvalidOperationException($"Only {right} of {rows.Count} pictures are told apart.");
Console.WriteLine($"The package trains, saves, loads and predicts: {right} of {rows.Count} are right.");

internal sealed class Picture
{
    [VectorType(64)]
    public float[] Features { get; set; } = [];

    public string Label { get; set; } = "";

    public static Picture Of(bool bright, int seed)
    {
        var random = new Random(seed);
        var floor = bright ? 150 : 0;
        return new Picture
        {
            Features = [.. Enumerable.Range(0, 64).Select(_ => (float)(floor + random.Next(100)))],
            Label = bright ? "bright" : "dark",
        };
    }
}

internal sealed class Guess
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
