using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML;

/// <summary>What must hold before a training starts, which may take hours: columns, classes and options fit each other.</summary>
/// <param name="options">The options.</param>
/// <param name="about">What the model will be.</param>
internal sealed class TrainingChecks(NoPropOptions options, ModelDescription about)
{
    private const int FewPhotos = 1000; // of 300, of three classes, it tells 67 to 77 % apart, and the pretrained network 90

    /// <summary>Checks that a model can be trained further with these options.</summary>
    /// <param name="options">The options.</param>
    /// <param name="previous">The model, if there is one.</param>
    /// <exception cref="ArgumentException">Its parameters mean something else.</exception>
    public static void Architecture(NoPropOptions options, NoPropTransformer? previous)
    {
        if (previous is not null && ArchitectureOptions.Differences(options, previous.Model.Options) is { Count: > 0 } differences)
        {
            throw new ArgumentException(
                $"The model cannot be trained further with these options: {string.Join(", ", differences)}. "
                + "Give the trainer previous.Model.Options with { … }.",
                nameof(previous));
        }
    }

    /// <summary>Checks the number of threads and the choices of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is out of range.</exception>
    public static void Run(NoPropRun run)
    {
        OptionProperty.RequireKnownValues(run, nameof(run));
        ThreadCount.Require(run.Threads, nameof(run), nameof(run.Threads));
    }

    /// <summary>Returns in sentences what ties the blocks of a model to each other, so that they cannot be trained apart.</summary>
    /// <param name="options">The options.</param>
    public static IEnumerable<string> BlockFaults(NoPropOptions options)
    {
        if (!options.Variant.HasBlocks)
        {
            yield return $"Blocks can be trained apart in {nameof(DiscreteTime)} alone, but {nameof(NoPropOptions.Variant)} is "
                + $"{options.Variant.GetType().Name}, which has one network for all times. Train it with Fit, and with "
                    + $"{nameof(NoPropRun.Checkpoints)}.";
        }
        else if (options.Embedding.Kind != EmbeddingKind.OneHot)
        {
            yield return $"Blocks can be trained apart with fixed embeddings alone, but {nameof(Embedding)}.{nameof(Embedding.Kind)} is "
                + $"{options.Embedding.Kind}: every block's step changes them. Choose {nameof(EmbeddingKind.OneHot)}, or train all "
                    + "blocks in one process.";
        }

        if (options.EarlyStoppingPatience > 0)
        {
            yield return $"{nameof(NoPropOptions.EarlyStoppingPatience)} is {options.EarlyStoppingPatience}, but a block that is trained "
                + "apart scores nothing that it could be stopped by. Set it to 0.";
        }
    }

    /// <summary>Checks all that can be known before a row is read.</summary>
    /// <param name="input">The training data.</param>
    /// <param name="previous">The model to train further, if there is one.</param>
    /// <param name="validation">The data that training is watched on, if there is any.</param>
    /// <param name="warn">Hears of early stopping that nothing can stop, and of a vector that is read as images.</param>
    public void BeforeReading(IDataView input, NoPropScorer? previous, IDataView? validation, Action<string> warn)
    {
        Previous(input, previous, warn);
        Columns(input);
        Images(input, previous, warn);
        Augmentation();
        Validation(validation, warn);
        Description();
    }

    // Throws now what saving would.
    private void Description()
    {
        try
        {
            _ = ModelFile.BytesOf(about);
        }
        catch (InvalidOperationException fault)
        {
            UserFault.Of(fault);
            throw;
        }
    }

    /// <summary>Checks that the weights of the model can be saved, and that the work of scoring one row stays within bounds.</summary>
    /// <param name="network">The network, or a block of one.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="InvalidOperationException">It cannot, or does not.</exception>
    public static void Bounds(Denoiser network, NoPropOptions options)
    {
        if (ModelFile.Excess(network, network.IsWhole ? 1 : options.Variant.BlockNames.Count) is { } tooLarge)
        {
            throw new InvalidOperationException(
                $"The model could not be saved: {tooLarge} Lower {nameof(options.HiddenSize)}, choose a smaller network, or make images "
                    + "smaller with ResizeImages.");
        }

        var plan = PlanCompiler.Outline(network, options);
        if (plan.Excess(options.Sampling.Draws, network.Embedding.Dimension, network.ClassCount, options.HiddenSize) is { } excess)
        {
            throw new InvalidOperationException(excess);
        }
    }

    private void Previous(IDataView input, NoPropScorer? previous, Action<string> warn)
    {
        if (previous is null)
        {
            return;
        }

        previous.Use(static () => { }); // throws now where it was disposed of, and not after reading the data
        InputColumns.CheckClasses(input, options.LabelColumnName, previous.ClassCount, previous.Model.Keys);
        if (about.Shape != previous.Shape)
        {
            throw UserFault.Of(new ArgumentOutOfRangeException(
                paramName: null,
                $"{nameof(NoPropOptions.ImageShape)} is {about.Shape}, but the model to train further is for images of {previous.Shape}. "
                + "Leave the option out, or change ResizeImages upstream."));
        }

        InputColumns.CheckSlots(input.Schema[options.FeatureColumnName], previous.Model.SlotNames);
        if (options.BackboneWeightsPath is { } path)
        {
            warn(
                $"{nameof(NoPropOptions.BackboneWeightsPath)} is '{path}', but nothing of it is used: training goes on from the weights of "
                    + "the model that is trained further.");
        }
    }

    // The weights of rows and of classes.
    private void Columns(IDataView input)
    {
        InputColumns.CheckWeight(SchemaShapes.Of(input.Schema), options.ExampleWeightColumnName);
        InputColumns.CheckClassWeights(options.ClassWeights, options.LabelColumnName, ClassValues.NamesOf(about.Keys, about.Classes));
    }

    // Where the values of a channel would be told apart by nothing but their sizes, a table is spoilt.
    private void Images(IDataView input, NoPropScorer? previous, Action<string> warn)
    {
        var isChosen = options.ImageShape is not null || previous is not null || options.Backbone != NoPropBackbone.Mlp;
        if (!isChosen && !about.Shape.IsTable && input.Schema[options.FeatureColumnName].Type is VectorDataViewType vector)
        {
            warn(
                $"The vectors of column '{options.FeatureColumnName}', {string.Join("×", vector.Dimensions)}, are read as images of "
                + $"{about.Shape}, whose values are brought to one mean and deviation for each channel. If they are rows of a table, set "
                + $"{nameof(NoPropOptions.ImageShape)} to new({vector.Size}, 1, 1).");
        }
    }

    private void Augmentation()
    {
        var changes = options.Augmentation;
        if (about.Shape.Width == 1 && changes != ML.Augmentation.None)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"{nameof(options.Augmentation)} is set, but the rows are vectors of {about.Shape.Size} values, which have no sides "
                + $"to turn: leave it out, or set {nameof(options.ImageShape)} if they are images."));
        }

        if (changes.RandomCropPadding >= Math.Min(about.Shape.Height, about.Shape.Width))
        {
            throw UserFault.Of(new InvalidOperationException(
                $"{nameof(changes.RandomCropPadding)} is {changes.RandomCropPadding}, but must be below the shorter side of the images, "
                + $"which are {about.Shape}, for something of them to be left. Lower it, or enlarge the images with ResizeImages."));
        }

        if (about.Shape.Channels != 3 && changes.SaturationJitter > 0)
        {
            throw UserFault.Of(new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(changes.SaturationJitter)} is {changes.SaturationJitter}, but the images are {about.Shape} and only three ")
                + "channels have colours: set it to 0, or train on images of red, green and blue."));
        }
    }

    private void Validation(IDataView? validation, Action<string> warn)
    {
        if (validation is not null)
        {
            try
            {
                var (feature, _) = InputColumns.Feature(validation.Schema, options.FeatureColumnName, about.Shape);
                InputColumns.CheckSlots(feature, about.SlotNames);
                InputColumns.CheckClasses(validation, options.LabelColumnName, about.Classes, about.Keys);
            }
            catch (ArgumentOutOfRangeException fault)
            {
                throw UserFault.Of(new ArgumentOutOfRangeException(
                    $"{nameof(NoPropRun)}.{nameof(NoPropRun.Validation)} does not fit. {fault.Message} Let it go through the same steps "
                        + "as the training data, those before the trainer fitted on that.",
                    fault));
            }
            catch (InvalidOperationException fault)
            {
                throw UserFault.Of(new InvalidOperationException($"In the validation data: {fault.Message}", fault));
            }
        }
        else if (options.EarlyStoppingPatience > 0)
        {
            warn(
                $"{nameof(NoPropOptions.EarlyStoppingPatience)} is {options.EarlyStoppingPatience}, but there is no validation data to "
                + $"stop by: all {options.Epochs} epochs are trained. Set {nameof(NoPropRun)}.{nameof(NoPropRun.Validation)}.");
        }
    }

    /// <summary>Warns of values that training cannot use.</summary>
    /// <param name="images">The training data.</param>
    /// <param name="previous">The model to train further, if there is one.</param>
    /// <param name="warn">Hears of them.</param>
    public void Values(ITrainingImages images, NoPropScorer? previous, Action<string> warn)
    {
        var statistics = images.ChannelStatistics();
        var warnings = options.Backbone.IsPretrained() ? [] // what varies in photos, its network knows: these are its features
            : previous is null ? statistics.Warnings(images.Shape, about.SlotNames)
            : statistics.WarningsFor(
                previous.Use(() => previous.Model.Network.Normalization.Scale.Host().Values), images.Shape, about.SlotNames);
        foreach (var warning in warnings)
        {
            warn(warning);
        }
    }

    /// <summary>Checks what is known once all rows are read: that there is something to tell apart.</summary>
    /// <param name="totals">How many training rows each class has.</param>
    /// <param name="previous">The model to train further, if there is one.</param>
    /// <param name="warn">Hears of classes without rows, of a label that hardly is a class, and of few photos.</param>
    public void Rows(ClassTotals totals, NoPropScorer? previous, Action<string> warn)
    {
        Classes(totals, warn);
        var knowsNothing = previous is null && options.BackboneWeightsPath is null
            && options.Backbone is not (NoPropBackbone.PretrainedResNet18 or NoPropBackbone.Custom);
        if (knowsNothing && about.Shape is { Channels: 3, IsTable: false } && totals.Rows.Sum() < FewPhotos)
        {
            warn(
                $"{totals.Rows.Sum()} images in colour are few for a network that knows nothing yet. If they are photos, "
                + $"{nameof(NoPropOptions)}.{nameof(NoPropOptions.Photos)}, with images of {PretrainedBackbone.Shape}, begins with one "
                + "that has seen a million.");
        }
    }

    private void Classes(ClassTotals totals, Action<string> warn)
    {
        var count = totals.Rows.Sum();
        var names = ClassValues.NamesOf(about.Keys, about.Classes);
        string[] absent = [.. names.Zip(totals.Rows).Where(one => one.Second == 0).Select(one => one.First)];
        if (about.Classes - absent.Length < 2)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"Only one class was found among the {count} rows of label column '{options.LabelColumnName}', but a classifier needs two "
                + "or more. Check the labels and how the data was split."));
        }

        if (absent.Length > 0)
        {
            warn(
                $"{absent.Length} of {about.Classes} classes of label column '{options.LabelColumnName}' have no training row, and will "
                + $"hardly ever be predicted: {NameList.Quoted(absent)}. Shuffle rows that come sorted by class before they are cut or "
                + "split.");
        }

        string[] unweighted = [.. names.Index()
            .Where(one => totals.Rows[one.Index] > 0 && totals.Weights[one.Index] == 0).Select(one => one.Item)];
        if (unweighted.Length > 0 && unweighted.Length < names.Count - absent.Length) // else nothing can be learnt, which is refused
        {
            warn(
                $"All rows of {unweighted.Length} of {about.Classes} classes have weight 0 in column '{options.ExampleWeightColumnName}', "
                + $"and those classes will hardly ever be predicted: {NameList.Quoted(unweighted)}.");
        }

        if (count < 2 * about.Classes)
        {
            warn(
                $"Label column '{options.LabelColumnName}' has {about.Classes} classes for {count} rows: of many there is at most one, "
                + "and nothing to learn what a class has in common. A number that measures something, such as a price, is no class.");
        }
    }
}
