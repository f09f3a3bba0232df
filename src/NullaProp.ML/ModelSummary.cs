using System.Globalization;
using System.Text;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>The parts of a model and the number of trained weights in each.</summary>
/// <param name="Parts">The parts, in the order in which data passes them.</param>
public sealed record ModelSummary(IReadOnlyList<ModelSummary.Part> Parts)
{
    /// <summary>Gets the number of trained weights in the whole model.</summary>
    public long TotalParameters => Parts.Sum(part => part.Parameters);

    /// <summary>Returns the summary of a model that is not trained yet.</summary>
    /// <param name="options">The options.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classCount">The number of classes, from 2 to 65,536.</param>
    /// <exception cref="ArgumentOutOfRangeException">Options, shape or number are out of range.</exception>
    public static ModelSummary Of(NoPropOptions options, ImageShape shape, int classCount)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, ClassValues.Most);
        (options with { ImageShape = shape }).Validate();
        using var weights = Weights.Promised(new Lazy<Device>(() => CPU));
        _ = new Denoiser(weights, options, shape, classCount);
        return Of(weights);
    }

    /// <summary>Returns the summary as a table of text.</summary>
    /// <returns>One line a part, and their sum.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var part in Parts.Append(new Part("total", TotalParameters)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{part.Name,-16}{part.Parameters,14:N0}");
        }

        return text.ToString();
    }

    internal static ModelSummary Of(Weights weights) => new(
    [
        .. weights.TrainedCounts
            .GroupBy(weight => weight.Key.Split('.')[0], weight => weight.Value)
            .Select(part => new Part(part.Key, part.Sum())),
    ]);

    /// <summary>A part of a model.</summary>
    /// <param name="Name">Its name, which its weights in the model file start with.</param>
    /// <param name="Parameters">The number of its trained weights.</param>
    public sealed record Part(string Name, long Parameters);
}
