using Microsoft.ML;

namespace NullaProp.ML.Interop;

/// <summary>How ML.NET knows a transformer of ours in a model file, and the texts and numbers that are all it saves.</summary>
/// <param name="Signature">Its mark, exactly 8 characters.</param>
/// <param name="Loader">The name under which its loader is found, at most 24 characters.</param>
/// <param name="Format">The number of its format.</param>
internal sealed record SavedSettings(string Signature, string Loader, uint Format)
{
    private VersionInfo Header => new(
        modelSignature: Signature,
        verWrittenCur: Format,
        verReadableCur: Format,
        verWeCanReadBack: Format,
        loaderSignature: Loader,
        loaderAssemblyName: typeof(SavedSettings).Assembly.FullName);

    /// <summary>Writes the settings.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="write">Writes them.</param>
    public void Write(ModelSaveContext context, Action<BinaryWriter> write)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Header);
        write(context.Writer);
    }

    /// <summary>Reads the settings.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="read">Reads them.</param>
    /// <exception cref="FormatException">They are of another format, or damaged.</exception>
    public T Read<T>(ModelLoadContext context, Func<BinaryReader, T> read)
    {
        context.CheckAtModel(Header);
        return read(context.Reader);
    }
}
