using System.Globalization;
using System.Text;
using NullaProp.ML.Benchmarks;

// Numbers look the same on every machine, as the files written here are meant to be compared.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Console.OutputEncoding = Encoding.UTF8;

return await SpeedCommand.Invoke(args);
