using System.CommandLine;
using Microsoft.Extensions.Logging;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Commands;

/// <summary>The switch <c>--verbose</c>, which shows the log that the trainer writes.</summary>
internal sealed class VerboseOption : Option<bool>
{
    public VerboseOption() : base("--verbose") => Description = "Show the trainer's log, line by line, in place of the progress bar.";

    /// <summary>Returns a factory of console loggers; without the switch they leave out epochs and details.</summary>
    public ILoggerFactory CreateLoggers(ParseResult arguments) => LoggerFactory.Create(logging =>
    {
        if (arguments.GetValue(this))
            logging.SetMinimumLevel(LogLevel.Debug).AddSimpleConsole(format => format.SingleLine = true);
        else
            logging.AddProvider(new NoteLogger());
    });
}
