using System.Security.Cryptography;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>By what a file is known again.</summary>
internal static class FileHash
{
    /// <summary>Returns the SHA-256 of a file's contents, 64 hexadecimal digits.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
