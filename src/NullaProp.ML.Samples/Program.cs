using System.CommandLine;
using System.Globalization;
using System.Text;
using NullaProp.ML.Samples.Commands;
using Spectre.Console;

// Numbers and dates look the same on every machine, as the files written here are meant to be compared.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Console.OutputEncoding = Encoding.UTF8;

// Redirected output has no width of its own; Spectre's assumption of 80 would break paths and tables into pieces.
if (Console.IsOutputRedirected)
    AnsiConsole.Profile.Width = 200;

var root = new RootCommand("Trains image classifiers with NoProp, a diffusion classifier for ML.NET. Without a command it runs 'quickstart'.");
new QuickstartCommand().AddTo(root);
root.Add(QuickstartCommand.Create());
root.Add(PredictCommand.Create());
root.Add(TrainCommand.Create());
root.Add(DecisionsCommand.Create());
root.Add(VariantsCommand.Create());
root.Add(VariantsOneCommand.CreateMethod());
root.Add(VariantsOneCommand.CreateEvaluations());

// Ctrl+C asks Fit to stop; it looks up after each training step, which takes a moment on large images.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
return await root.Parse(args).InvokeAsync(configuration);
