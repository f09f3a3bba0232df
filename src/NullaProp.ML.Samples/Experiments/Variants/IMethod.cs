namespace NullaProp.ML.Samples.Experiments.Variants;

/// <summary>A way to make a classifier: a row of the table of methods.</summary>
internal interface IMethod
{
    /// <summary>Trains it and measures it on the test images.</summary>
    MethodResult Run(StudyData data, CancellationToken cancellationToken);
}
