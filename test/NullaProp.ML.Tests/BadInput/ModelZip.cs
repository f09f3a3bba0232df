using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A saved model in memory that can be damaged on purpose.</summary>
internal sealed class ModelZip(byte[] bytes)
{
    private const string Key = "Model.key";
    private const int KeyLength = 256; // bytes of ML.NET's header, before the model's own

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

    /// <summary>
    /// Returns the model with an entry changed, and the hashes of the others as if it had been saved so; <see langword="null"/> removes it.
    /// </summary>
    public ModelZip With(string name, Func<byte[], byte[]?> change)
    {
        var changed = Damaged(name, change);
        return Path.GetFileName(name) == Key ? changed : changed.Sealed(name[..^Path.GetFileName(name).Length]);
    }

    /// <summary>Returns the model with an entry changed, but not the hashes of it; <see langword="null"/> removes it.</summary>
    public ModelZip Damaged(string name, Func<byte[], byte[]?> change)
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

    /// <summary>Returns an entry's bytes with a member of the description set to a text of JSON.</summary>
    public static Func<byte[], byte[]> Edited(string member, string value) => bytes =>
    {
        var json = JsonNode.Parse(bytes)!.AsObject();
        var names = member.Split('.');
        var owner = names[..^1].Aggregate(json, (node, name) => node[name]!.AsObject());
        owner[names[^1]] = "\0";
        return Encoding.UTF8.GetBytes(json.ToJsonString().Replace("\"\\u0000\"", value, StringComparison.Ordinal));
    };

    private bool Has(string name)
    {
        using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
        return zip.GetEntry(Folder + name) is not null;
    }

    private ModelZip Sealed(string folder)
    {
        var (json, weights) = (folder + "model.json", folder + "weights.safetensors");
        var zip = this;
        if (Has(json) && Has(weights))
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Entry(weights)));
            zip = zip.Damaged(json, text => Encoding.Latin1.GetBytes( // byte by byte: it may be no JSON any more
                Regex.Replace(Encoding.Latin1.GetString(text), @"(?<=""weightsSha256"":\s*"")[^""]*", hash)));
        }

        return zip.Has(json)
            ? zip.Damaged(folder + Key, key => [.. key[..KeyLength], .. SHA256.HashData(zip.Entry(json)), .. key[(KeyLength + 32)..]])
            : zip;
    }
}
