namespace NullaProp.ML.Experiments.Variants;

/// <summary>What a row of results is found again by.</summary>
internal interface IStudyRow : IResultRow
{
    /// <summary>Gets the name of the method or training.</summary>
    string Name { get; }

    int TrainRows { get; }

    int Epochs { get; }

    int Seed { get; }

    int Threads { get; }

    TestPart TestPart { get; }
}
