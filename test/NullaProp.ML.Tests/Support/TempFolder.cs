namespace NullaProp.ML.Tests.Support;

/// <summary>A folder that is there for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nullaprop-test-");

    public string Path => _folder.FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a named pipe, to which nobody writes.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path.</returns>
    public string Pipe(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Pipes have no names of files there.");
        }

        using var made = System.Diagnostics.Process.Start("mkfifo", [File(name)]);
        made.WaitForExit();
        return File(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
