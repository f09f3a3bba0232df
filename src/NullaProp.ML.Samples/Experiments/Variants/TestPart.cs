namespace NullaProp.ML.Samples.Experiments.Variants;

/// <summary>What the methods of a study are tested on.</summary>
internal enum TestPart
{
    /// <summary>The test images: what is reported.</summary>
    TestImages,

    /// <summary>The training images after those that are trained on: what choices are made by, so that the test images stay unseen.</summary>
    OtherTrainingImages,
}
