using System.IO.Compression;
using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A saved model in memory that can be damaged on purpose.</summary>
internal sealed class ModelZip(byte[] bytes)
{
    /// <summary>The folder of a model that is saved alone.</summary>
    public const string Folder = "TransformerChain/";

    public byte[] Bytes => bytes;

    /// <summary>Saves a model, alone and not in a chain.</summary>
    public static ModelZip Of(MLContext context, ITransformer model)
    {
        using var stream = new MemoryStream();
        context.Model.Save(model, Tiny.Data(context).Schema, stream);
        return new ModelZip(stream.ToArray());
    }

    public T Load<T>(MLContext context)
        where T : ITransformer => (T)Load(context);

    public ITransformer Load(MLContext context)
    {
        using var stream = new MemoryStream(bytes);
        return context.Model.Load(stream, out _);
    }

    public byte[] Entry(string name)
    {
        using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
        using var entry = zip.GetEntry(Folder + name)!.Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>Returns the model with an entry changed; <see langword="null"/> removes it.</summary>
    public ModelZip With(string name, Func<byte[], byte[]?> change)
    {
        var content = change(Entry(name));
        using var stream = new MemoryStream();
        stream.Write(bytes);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry(Folder + name)!.Delete();
            if (content is not null)
            {
                using var entry = zip.CreateEntry(Folder + name).Open();
                entry.Write(content);
            }
        }

        return new ModelZip(stream.ToArray());
    }
}
