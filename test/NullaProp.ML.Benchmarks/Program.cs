using System.Globalization;
using System.Text;
using NullaProp.ML.Benchmarks;

// Numbers look the same on every machine, as the files written here are meant to be compared.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Console.OutputEncoding = Encoding.UTF8;

// Before anything else is loaded: a child process is measured from its start.
return ChildRoles.TryRun(args) ? 0 : await SpeedCommand.Invoke(args);
