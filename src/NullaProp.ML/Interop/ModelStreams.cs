using Microsoft.ML;

namespace NullaProp.ML.Interop;

/// <summary>Puts files into, and takes them out of, a model's folder in ML.NET's zip.</summary>
internal static class ModelStreams
{
    private const string ModelSignature = "NOPROPCL"; // exactly 8 characters

    private const string KeyName = "Model.key"; // ML.NET's: the header
    private const int HashLength = 32; // bytes

    /// <summary>Opens a model for writing and writes its header.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="format">The model format.</param>
    public static void WriteHeader(ModelSaveContext context, uint format)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Header(format));
    }

    /// <summary>Writes the hash of the model's description behind the header, as all that the model's own block holds.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="hash">The hash, 32 bytes.</param>
    public static void WriteHash(ModelSaveContext context, byte[] hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, HashLength);
        context.Writer.Write(hash);
    }

    /// <summary>Checks the header of a model that is being loaded and returns the hash of its description.</summary>
    /// <param name="context">ML.NET's context.</param>
    /// <param name="checkFormat">Throws where the model format cannot be read.</param>
    /// <exception cref="FormatException">The model is not ours.</exception>
    public static byte[] ReadHash(ModelLoadContext context, Action<uint> checkFormat)
    {
        var header = context.Header;
        // ML.NET finds a loader by its name whatever its case and spaces; ForEach would not know the model as ours.
        if (header.ModelSignature == Header(header.ModelVerWritten).ModelSignature && IsOurs(context))
        {
            checkFormat(header.ModelVerWritten); // before anything that another format may have otherwise
            if (header.CbModel == HashLength)
            {
                context.CheckAtModel(Header(header.ModelVerWritten));
                return context.Reader.ReadBytes(HashLength);
            }
        }

        throw new FormatException(
            "The model's header is not that of a NoProp model; the file is damaged or was not written by NullaProp.ML. Train and save "
                + "the model again.");
    }

    /// <summary>Does something with every model of ours in a file that ML.NET saved, and loads no other.</summary>
    /// <param name="file">The file.</param>
    /// <param name="read">Reads one.</param>
    /// <returns>The number of models.</returns>
    /// <exception cref="FormatException">It is no zip file.</exception>
    public static int ForEach(FileStream file, Action<ModelLoadContext> read)
    {
        try
        {
            var count = 0;
            using var repository = Opened(file);
            ModelArchive.CheckSchema(repository);
            foreach (var folder in ModelArchive.FoldersWith(repository, KeyName))
            {
                using var entry = repository.OpenEntry(folder, KeyName);
                using var context = new ModelLoadContext(repository, entry, folder);
                if (IsOurs(context))
                {
                    count++;
                    read(context);
                }
            }

            return count;
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw UserFault.Of(new FormatException(
                $"The file '{file.Name}' is no zip file of a model ({fault.Message.TrimEnd('.')}); it is damaged. Restore it, or train and "
                    + "save the model again.",
                fault));
        }
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
    public static T Read<T>(ModelLoadContext context, string name, Func<Stream, T> read)
    {
        T? result = default;
        try
        {
            return context.TryLoadBinaryStream(name, reader => result = read(reader.BaseStream))
                ? result!
                : throw new FormatException(
                    $"The model has no file '{name}'; it is damaged or was not written by NullaProp.ML. Train and save the model again.");
        }
        catch (InvalidDataException fault)
        {
            throw new FormatException(
                $"The file '{name}' of the model cannot be unpacked ({fault.Message.TrimEnd('.')}); it is damaged. Train and save the "
                    + "model again.",
                fault);
        }
    }

    private static RepositoryReader Opened(FileStream file)
    {
        try
        {
            return RepositoryReader.Open(file);
        }
        catch (FormatException fault)
        {
            throw UserFault.Of(new FormatException(
                $"The file '{file.Name}' of {file.Length} bytes is no model, or only a part of one: it is no whole zip file. Copy it "
                    + "again, or save the model again.",
                fault));
        }
    }

    private static bool IsOurs(ModelLoadContext context) =>
        ModelHeader.GetLoaderSig(ref context.Header) == NoPropTransformer.LoaderSignature;

    private static VersionInfo Header(uint format) => new(
        modelSignature: ModelSignature,
        verWrittenCur: format,
        verReadableCur: format,
        verWeCanReadBack: format,
        loaderSignature: NoPropTransformer.LoaderSignature,
        loaderAssemblyName: typeof(NoPropTransformer).Assembly.FullName);
}
