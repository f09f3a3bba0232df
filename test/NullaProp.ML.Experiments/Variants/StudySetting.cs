using System.Globalization;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>What all methods of a study have in common.</summary>
/// <param name="DataFolder">The folder of the published IDX files.</param>
/// <param name="TrainRows">The number of training images, the first ones of the file.</param>
/// <param name="Epochs">Passes over them.</param>
/// <param name="Seed">Seed of every random number.</param>
/// <param name="Threads">Threads to compute with: they decide the order of sums, and so the last digits that training makes large.</param>
/// <param name="TestPart">What is tested on.</param>
internal sealed record StudySetting(string DataFolder, int TrainRows, int Epochs, int Seed, int Threads, TestPart TestPart)
{
    /// <summary>Gets the arguments that give a child process this setting.</summary>
    public IEnumerable<string> Arguments =>
    [
        "--data", DataFolder,
        "--rows", TrainRows.ToString(CultureInfo.InvariantCulture),
        "--epochs", Epochs.ToString(CultureInfo.InvariantCulture),
        "--seed", Seed.ToString(CultureInfo.InvariantCulture),
        "--threads", Threads.ToString(CultureInfo.InvariantCulture),
        "--test-on", TestPart.ToString(),
    ];

    /// <summary>Says whether a row was measured in this setting.</summary>
    public bool IsOf(IStudyRow row) =>
        (row.TrainRows, row.Epochs, row.Seed, row.Threads, row.TestPart) == (TrainRows, Epochs, Seed, Threads, TestPart);
}

/// <summary>What the methods of a study are tested on.</summary>
internal enum TestPart
{
    /// <summary>The test images: what is reported.</summary>
    TestImages,

    /// <summary>
    /// The training images after those that are trained on: what choices are made by, so that the test images stay unseen.
    /// </summary>
    OtherTrainingImages,
}
