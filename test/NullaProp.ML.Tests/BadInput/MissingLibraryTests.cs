using System.Diagnostics;
using System.Reflection;
using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>An application that forgot the native package: one sentence, and the process ends by itself.</summary>
[TestClass]
public sealed class MissingLibraryTests
{
    [TestMethod]
    public void Load_WithoutLibtorch_NamesThePackage()
    {
        var context = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests");
        try
        {
            var modelPath = Path.Combine(folder.FullName, "model.zip");
            using (var model = Tiny.Model(context))
            {
                context.Model.Save(model, Tiny.Data(context).Schema, modelPath);
            }

            var (exitCode, output, errors) = Run(ProbeWithoutLibtorch(folder), modelPath);

            Assert.AreEqual(1, exitCode, errors);
            Assert.Contains("The native library of TorchSharp could not be loaded. Reference one backend package in the application: libtorch-cpu-", errors);
            Assert.Contains("or for a GPU TorchSharp-cuda-linux or TorchSharp-cuda-windows, in the version that belongs to TorchSharp 0.", errors);
            Assert.IsEmpty(output); // TorchSharp itself would write pages
            Assert.DoesNotContain("LoadNativeBackend", errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // The managed half of the probe. TorchSharp's own package brings libLibTorchSharp, which stays: it cannot load without libtorch.
    private static string ProbeWithoutLibtorch(DirectoryInfo folder)
    {
        var probe = typeof(MissingLibraryTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "LoadProbePath").Value!;
        var source = Path.GetDirectoryName(probe)!;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(IsKept))
        {
            var copy = Path.Combine(folder.FullName, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(folder.FullName, Path.GetFileName(probe));

        bool IsKept(string file) =>
            Path.GetDirectoryName(file) == source || Path.GetFileName(file).Contains("LibTorchSharp", StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output, string Errors) Run(string probe, string modelPath)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [probe, modelPath]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, errors.Result);
    }
}
