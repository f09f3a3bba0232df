namespace NullaProp.ML.Tests.Support;

/// <summary>
/// Finds files of the repository that the tests were built in. Not by the compiler's record of source paths: continuous integration builds
/// blank those out.
/// </summary>
internal static class Repository
{
    /// <summary>Gets the repository's folder, or <see langword="null"/> where only the compiled tests are there.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Returns the path of a file; where only the compiled tests are there, the test that asks is inconclusive.</summary>
    /// <param name="parts">The folders and the name, from the repository's folder.</param>
    public static string PathOf(params string[] parts)
    {
        if (Root is null)
        {
            Assert.Inconclusive("The sources are not there: no folder above the tests holds NullaProp.sln.");
        }

        return Path.Combine([Root!, .. parts]);
    }

    private static string? Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "NullaProp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
