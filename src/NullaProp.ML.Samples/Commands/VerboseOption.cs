using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace NullaProp.ML.Samples.Commands;

/// <summary>The switch <c>--verbose</c>, which shows the log that the trainer writes.</summary>
internal sealed class VerboseOption : Option<bool>
{
    public VerboseOption() : base("--verbose") => Description = "Show the trainer's log, line by line, in place of the progress bar.";

    /// <summary>Returns a factory of console loggers, or of loggers that write nothing without the switch.</summary>
    public ILoggerFactory CreateLoggers(ParseResult arguments) => LoggerFactory.Create(logging =>
    {
        if (arguments.GetValue(this))
            logging.SetMinimumLevel(LogLevel.Debug).AddSimpleConsole(format => format.SingleLine = true);
    });
}
