using System.CommandLine;
using System.CommandLine.Parsing;

namespace NullaProp.ML.Samples.Commands;

/// <summary>What is trained, and how images are changed before it sees them.</summary>
internal sealed class NetworkOptions
{
    private const string Pretrained = "pretrained";

    private static readonly NoPropOptions Defaults = new();

    private readonly Option<VariantKind> _variant = new("--variant")
    {
        Description = "What to train: NoProp, or the plain classifier to compare it with.",
        DefaultValueFactory = _ => VariantKind.ContinuousTime,
    };

    private readonly Option<int> _blocks = new("--blocks")
    {
        Description = "Number of networks that DiscreteTime trains.",
        DefaultValueFactory = _ => new DiscreteTime().BlockCount,
    };

    private readonly Option<NoPropBackbone> _backbone = new("--backbone")
    {
        Description =
            $"The network that reads the image; {Pretrained} is short for {NoPropBackbone.PretrainedResNet18}, which knows photos already "
            + $"and is trained for {NoPropOptions.Photos.Epochs} epochs in batches of {NoPropOptions.Photos.BatchSize} unless you say "
            + "otherwise; Custom is for programs of your own.",
        DefaultValueFactory = _ => Defaults.Backbone,
        CustomParser = Backbone,
    };

    private readonly Option<AugmentationPreset> _augmentation = new("--augmentation")
    {
        Description = "Random changes of training images: those that suit photos, or digits and letters; --crop, --flip and --rotation "
            + "change single ones of them.",
        DefaultValueFactory = _ => AugmentationPreset.None,
    };

    private readonly Option<FineTuning> _fineTuning = new("--fine-tuning")
    {
        Description = $"How much of the {Pretrained} network is trained further. {FineTuning.Automatic}: the last stage, where the images "
            + "held back find that better.",
        DefaultValueFactory = _ => FineTuning.Automatic,
    };

    private readonly Option<int> _crop = new("--crop")
    {
        Description = "Shift training images by up to so many pixels.",
        DefaultValueFactory = _ => Defaults.Augmentation.RandomCropPadding,
    };

    private readonly Option<double> _flip = new("--flip")
    {
        Description = "Mirror training images with this probability, 0 to 1.",
        DefaultValueFactory = _ => Defaults.Augmentation.HorizontalFlipProbability,
    };

    private readonly Option<double> _rotation = new("--rotation")
    {
        Description = "Rotate training images by up to so many degrees.",
        DefaultValueFactory = _ => Defaults.Augmentation.RotationDegrees,
    };

    /// <summary>Returns the network that the command line names.</summary>
    public NoPropBackbone Backbone(ParseResult arguments) => arguments.GetRequiredValue(_backbone);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _variant, _blocks, _backbone, _fineTuning, _augmentation, _crop, _flip, _rotation })
            command.Add(option);
    }

    /// <summary>Returns options with those of the command line.</summary>
    /// <exception cref="UserMistakeException">An option would have no effect.</exception>
    public NoPropOptions Apply(ParseResult arguments, NoPropOptions options)
    {
        var variant = arguments.GetRequiredValue(_variant);
        if (variant != VariantKind.DiscreteTime && arguments.GetResult(_blocks) is { Implicit: false })
        {
            throw new UserMistakeException(
                $"{_blocks.Name} is given, but {variant} has no blocks. Leave it out, or add --variant {VariantKind.DiscreteTime}.");
        }

        return options with
        {
            Backbone = Backbone(arguments),
            FineTuning = arguments.GetRequiredValue(_fineTuning),
            Variant = variant.Create(arguments.GetRequiredValue(_blocks)),
            Augmentation = Augmentation(arguments),
        };
    }

    private Augmentation Augmentation(ParseResult arguments)
    {
        var preset = arguments.GetRequiredValue(_augmentation) switch
        {
            AugmentationPreset.Photos => ML.Augmentation.Photos,
            AugmentationPreset.Digits => ML.Augmentation.Digits,
            _ => ML.Augmentation.None,
        };
        return preset with
        {
            RandomCropPadding = TrainingOptions.Given(arguments, _crop, preset.RandomCropPadding),
            HorizontalFlipProbability = TrainingOptions.Given(arguments, _flip, preset.HorizontalFlipProbability),
            RotationDegrees = TrainingOptions.Given(arguments, _rotation, preset.RotationDegrees),
        };
    }

    private static NoPropBackbone Backbone(ArgumentResult argument)
    {
        var word = argument.Tokens[0].Value;
        if (word.Equals(Pretrained, StringComparison.OrdinalIgnoreCase))
            return NoPropBackbone.PretrainedResNet18;
        if (!word.Contains(',') && Enum.TryParse<NoPropBackbone>(word, ignoreCase: true, out var backbone) && Enum.IsDefined(backbone))
            return backbone;

        argument.AddError(
            $"--backbone is {word}, but must be {Pretrained} or one of {string.Join(", ", Enum.GetNames<NoPropBackbone>())}.");
        return default;
    }
}

/// <summary>Random changes of training images that belong together.</summary>
internal enum AugmentationPreset
{
    /// <summary>None at all.</summary>
    None,

    /// <summary>Those that leave a photo what it is.</summary>
    Photos,

    /// <summary>Those that leave a digit or letter what it is.</summary>
    Digits,
}

/// <summary>The variants by the names that a command line gives them.</summary>
internal enum VariantKind
{
    ContinuousTime,
    DiscreteTime,
    FlowMatching,
    CrossEntropyBaseline,
}

/// <summary>Makes the variant of a name.</summary>
internal static class VariantKinds
{
    /// <summary>Returns the variant with its defaults.</summary>
    /// <param name="kind">Its name.</param>
    /// <param name="blocks">The number of blocks, where it has several.</param>
    public static NoPropVariant Create(this VariantKind kind, int blocks) => kind switch
    {
        VariantKind.DiscreteTime => new DiscreteTime { BlockCount = blocks },
        VariantKind.FlowMatching => new FlowMatching(),
        VariantKind.CrossEntropyBaseline => new CrossEntropyBaseline(),
        _ => new ContinuousTime(),
    };
}
