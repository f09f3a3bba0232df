using Microsoft.ML;

namespace NullaProp.ML.Interop;

/// <summary>Puts files into, and takes them out of, a model's folder in ML.NET's zip.</summary>
internal static class ModelStreams
{
    private const string ModelSignature = "NOPROPCL"; // exactly 8 characters

    // 0x00010001: the first. A later version that older code cannot read raises all three.
    private const uint Version = 0x00010001;

    /// <summary>Opens a model for writing and writes its header.</summary>
    /// <param name="context">ML.NET's context.</param>
    public static void WriteHeader(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Header());
    }

    /// <summary>Checks the header of a model that is being loaded.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <exception cref="FormatException">The model is not ours, or was written by a newer version.</exception>
    public static void CheckHeader(ModelLoadContext context)
    {
        var header = context.Header;
        if (header.ModelVerReadable > Version)
        {
            throw new FormatException(
                $"The model was written by a newer NullaProp.ML (model format {header.ModelVerReadable >> 16}.{header.ModelVerReadable & 0xFFFF}); " +
                $"this one reads up to {Version >> 16}.{Version & 0xFFFF}. Update the package NullaProp.ML.");
        }

        if (header.ModelSignature != Header().ModelSignature || header.CbModel != 0)
        {
            throw new FormatException("The model's header is not that of a NoProp model; the file is damaged or was not written by NullaProp.ML. Train and save the model again.");
        }

        context.CheckAtModel(Header());
    }

    /// <summary>Writes a file.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="write">Writes its contents.</param>
    public static void Write(ModelSaveContext context, string name, Action<Stream> write) =>
        context.SaveBinaryStream(name, writer =>
        {
            writer.Flush();
            write(writer.BaseStream);
        });

    /// <summary>Reads a file.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="read">Reads its contents.</param>
    /// <exception cref="FormatException">The model has no such file, or it is damaged.</exception>
    public static void Read(ModelLoadContext context, string name, Action<Stream> read)
    {
        try
        {
            if (!context.TryLoadBinaryStream(name, reader => read(reader.BaseStream)))
            {
                throw new FormatException($"The model has no file '{name}'; it is damaged or was not written by NullaProp.ML. Train and save the model again.");
            }
        }
        catch (InvalidDataException fault)
        {
            throw new FormatException($"The file '{name}' of the model cannot be unpacked ({fault.Message.TrimEnd('.')}); it is damaged. Train and save the model again.", fault);
        }
    }

    private static VersionInfo Header() => new(
        modelSignature: ModelSignature,
        verWrittenCur: Version,
        verReadableCur: Version,
        verWeCanReadBack: Version,
        loaderSignature: NoPropTransformer.LoaderSignature,
        loaderAssemblyName: typeof(NoPropTransformer).Assembly.FullName);
}
