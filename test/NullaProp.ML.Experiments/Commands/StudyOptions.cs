using System.CommandLine;
using NullaProp.ML.Experiments.Variants;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary>The options that give a study's setting.</summary>
internal sealed class StudyOptions
{
    private const int AllRows = 60_000;

    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder of the four published IDX files of Fashion-MNIST, gzipped. Needed for training.",
        HelpName = "DIR",
    };

    private readonly Option<int> _rows = new("--rows")
    {
        Description = "Number of training images, the first ones.",
        DefaultValueFactory = _ => 20_000,
    };

    private readonly Option<bool> _full = new("--full") { Description = $"Train on all {AllRows:N0} images, whatever --rows says." };

    private readonly Option<int> _epochs = new("--epochs")
    {
        Description = "Epochs; each network sees every training image once in each.",
        DefaultValueFactory = _ => 6,
    };

    private readonly Option<int> _seed = new("--seed")
    {
        Description = "Seed of every random number; the members of an ensemble count upwards from it.",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<int> _threads = new("--threads")
    {
        Description =
            "Threads that each training computes with. With another number it comes out a little different, as with another seed.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<TestPart> _testOn = new("--test-on")
    {
        Description = "What to test on. Choices are made by other training images, so that the test images stay unseen.",
        DefaultValueFactory = _ => TestPart.TestImages,
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _data, _rows, _full, _epochs, _seed, _threads, _testOn })
            command.Add(option);
    }

    /// <exception cref="UserMistakeException">An option is missing or out of range.</exception>
    public StudySetting Setting(ParseResult arguments)
    {
        var data = arguments.GetValue(_data)
            ?? throw new UserMistakeException("--data is missing, but training needs the folder of the four published files.");
        var rows = arguments.GetValue(_full) ? AllRows : arguments.GetRequiredValue(_rows);
        if (rows is < 1 or > AllRows)
            throw new UserMistakeException($"--rows is {rows}, but must be 1 to {AllRows:N0}.");
        var testOn = arguments.GetRequiredValue(_testOn);
        if (testOn == TestPart.OtherTrainingImages && rows == AllRows)
            throw new UserMistakeException(
                $"--test-on is {testOn}, but all {AllRows:N0} training images are trained on. Lower --rows.");
        var threads = arguments.GetRequiredValue(_threads);
        if (threads < 1)
            throw new UserMistakeException($"--threads is {threads}, but must be 1 or more.");
        var options = TrainingOptions.Check(new NoPropOptions
        {
            Epochs = arguments.GetRequiredValue(_epochs),
            Seed = arguments.GetRequiredValue(_seed),
        });
        return new StudySetting(data, rows, options.Epochs, arguments.GetRequiredValue(_seed), threads, testOn);
    }
}
