using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Experiments.Photos;

/// <summary>Few photos to train on, and others to test on.</summary>
/// <param name="Classes">The classes.</param>
/// <param name="Training">The photos to train on.</param>
/// <param name="Test">Those to test on.</param>
internal sealed record PhotoTask(IReadOnlyList<string> Classes, IReadOnlyList<Photo> Training, IReadOnlyList<Photo> Test)
{
    private const int Most = 100; // of a class in a list
    private const int FirstForChoices = 1_000; // of the training part: photos that no test sees

    private static readonly string[] All =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Returns training photos, others for each draw, and 100 a class of the published test photos.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="perClass">The number of training photos of each, at most 100.</param>
    /// <param name="draw">Which ones.</param>
    public static PhotoTask ForTest(int classes, int perClass, int draw) => new(
        All[..classes], Photos(classes, "train", draw * Most, perClass), Photos(classes, "test", 0));

    /// <summary>Returns photos by which to choose settings: none of them is in any of <see cref="ForTest"/>.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="perClass">The number of training photos of each, at most 100.</param>
    /// <param name="draw">Which ones.</param>
    public static PhotoTask ForChoices(int classes, int perClass, int draw) => new(
        All[..classes],
        Photos(classes, "train", FirstForChoices + (draw * Most), perClass),
        Photos(classes, "train", FirstForChoices + (10 * Most)));

    /// <summary>
    /// Returns photos by which to choose a threshold, of this task's classes but in none of its lists, and test photos of the classes
    /// behind them, which the task does not know.
    /// </summary>
    /// <param name="foreign">How many other classes.</param>
    public (IReadOnlyList<Photo> Choosing, IReadOnlyList<Photo> Foreign) ForRejection(int foreign) =>
        (Photos(Classes.Count, "train", FirstForChoices),
        [.. Photos(Classes.Count + foreign, "test", 0).Where(photo => !Classes.Contains(photo.Class))]);

    /// <summary>Returns photos as the library's training reads them; of other classes, under the number −1.</summary>
    public ImageStore Store(IEnumerable<Photo> photos, PhotoFeatures features)
    {
        var store = new ImageStore(PretrainedBackbone.FeatureShape);
        foreach (var photo in photos)
            store.Add(features.Of(photo), Classes.ToList().IndexOf(photo.Class));
        return store;
    }

    /// <summary>Returns photos as ML.NET's trainers read them: Label, a key, and Features.</summary>
    public IDataView Rows(MLContext mlContext, IEnumerable<Photo> photos, PhotoFeatures features)
    {
        var rows = photos.Select(photo => new Row { Name = photo.Class, Features = features.Of(photo) }).ToList();
        var classes =
            mlContext.Data.LoadFromEnumerable(
                Classes.Select(name => new Row { Name = name, Features = new float[PretrainedBackbone.FeatureCount] }));
        return mlContext.Transforms.Conversion
            .MapValueToKey("Label", nameof(Row.Name))
            .Fit(classes)
            .Transform(mlContext.Data.LoadFromEnumerable(rows));
    }

    private static List<Photo> Photos(int classes, string part, int first, int perClass = Most) =>
    [
        .. from name in All[..classes]
           from number in Enumerable.Range(first, perClass)
           select new Photo(part, name, number),
    ];

    private sealed class Row
    {
        public string Name { get; init; } = "";

        [VectorType(PretrainedBackbone.FeatureCount)]
        public float[] Features { get; init; } = [];
    }
}
