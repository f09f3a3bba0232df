using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>A model file changed at random, the same for the same number.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Bytes">The file.</param>
/// <param name="IsSealed">Whether its hashes were made anew: then it is another model, which may be accepted and score otherwise.</param>
/// <param name="IsOthers">Whether an entry was changed, its check sum too, that ML.NET alone reads and no hash covers.</param>
internal sealed record MutatedModel(string Name, byte[] Bytes, bool IsSealed = false, bool IsOthers = false)
{
    /// <summary>The number of kinds of change, one after the other.</summary>
    public const int Kinds = 12;

    private const string Weights = "weights.safetensors";
    private const string Description = "model.json";
    private const string Key = "Model.key";
    private const int KeyHeader = 256; // bytes of ML.NET's header, before the hash of the description

    private static readonly string[] Words =
        [
            "0",
            "-1",
            "1e308",
            "4294967296",
            "2147483647",
            "null",
            "true",
            "\"\"",
            "[]",
            "{}",
            "\"DiscreteTime\"",
            "NaN",
            "65536",
            "[[[[[[[[",
        ];

    /// <summary>Changes a file.</summary>
    /// <param name="good">The file.</param>
    /// <param name="other">A file of another model.</param>
    /// <param name="number">The number of the case.</param>
    public static MutatedModel Of(byte[] good, byte[] other, int number)
    {
        var random = new Random(number);
        return (number % Kinds) switch
        {
            0 or 1 => new("bytes of the zip flipped", Flipped(good, random, 0, good.Length)),
            2 => new("directory of the zip flipped", Flipped(good, random, Math.Max(0, good.Length - 700), good.Length)),
            3 => new("zip cut", good[..random.Next(good.Length)]),
            4 => new("zip with bytes more", [.. good, .. Noise(random, random.Next(1, 5000))]),
            5 => OfEntry(
                "entry flipped, right checksum",
                entry => With(good, entry, bytes => Flipped(bytes, random, 0, bytes.Length))),
            6 => OfEntry(
                "start of an entry flipped, right checksum",
                entry => With(good, entry, bytes => Flipped(bytes, random, 0, Math.Min(bytes.Length, 400)))),
            7 => OfEntry("entry cut or longer", entry => With(good, entry, bytes => Resized(bytes, random))),
            8 => OfEntry("entry missing, renamed or twice", entry => Restructured(good, entry, random)),
            9 => new("entry of another model", Swapped(good, other, random)),
            10 =>
                new(
                    "weights flipped, right hashes",
                    Sealed(With(
                        good,
                        Own(good, Weights),
                        bytes => Flipped(bytes, random, 0, random.Next(2) == 0 ? Math.Min(bytes.Length, 1200) : bytes.Length))),
                    IsSealed: true),
            _ => new(
                "description edited, right hashes",
                Sealed(With(good, Own(good, Description), bytes => Edited(bytes, random))),
                IsSealed: true),
        };

        MutatedModel OfEntry(string name, Func<string, byte[]> change)
        {
            var entry = Any(good, random);
            return new(name, change(entry), IsOthers: !entry.StartsWith(Own(good, string.Empty), StringComparison.Ordinal));
        }
    }

    // The full name of an entry of the NoProp model: in a chain it has a folder of its own.
    private static string Own(byte[] zip, string name)
    {
        using var archive = new ZipArchive(new MemoryStream(zip), ZipArchiveMode.Read);
        var weights = archive.Entries.Select(entry => entry.FullName).Single(entry => entry.EndsWith(Weights, StringComparison.Ordinal));
        return weights[..^Weights.Length] + name;
    }

    private static string Any(byte[] zip, Random random)
    {
        using var archive = new ZipArchive(new MemoryStream(zip), ZipArchiveMode.Read);
        return archive.Entries[random.Next(archive.Entries.Count)].FullName;
    }

    private static byte[] Flipped(byte[] bytes, Random random, int from, int to)
    {
        byte[] result = [.. bytes];
        for (var i = to > from ? random.Next(1, 8) : 0; i > 0; i--)
        {
            result[random.Next(from, to)] ^= (byte)(1 << random.Next(8));
        }

        return result;
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Resized(byte[] bytes, Random random) => random.Next(3) switch
    {
        0 => bytes[..random.Next(bytes.Length + 1)],
        1 => [.. bytes, .. Noise(random, random.Next(1, 3000))],
        _ => [.. bytes, .. new byte[random.Next(1, 32) << 20]], // zeros are packed to nearly nothing
    };

    private static byte[] With(byte[] zip, string name, Func<byte[], byte[]> change)
    {
        var entries = Read(zip);
        entries[entries.FindIndex(entry => entry.Name == name)] = (name, change(entries.Find(entry => entry.Name == name).Content));
        return Write(entries);
    }

    private static byte[] Restructured(byte[] zip, string name, Random random)
    {
        var entries = Read(zip);
        var place = entries.FindIndex(entry => entry.Name == name);
        switch (random.Next(4))
        {
            case 0:
                entries.RemoveAt(place);
                break;
            case 1:
                entries[place] = (name + "x", entries[place].Content);
                break;
            case 2:
                entries.Insert(
                    random.Next(entries.Count),
                    (name, Flipped(entries[place].Content, random, 0, entries[place].Content.Length)));
                break;
            default:
                entries[place] = ("../" + name, entries[place].Content);
                break;
        }

        return Write(entries);
    }

    private static byte[] Swapped(byte[] zip, byte[] other, Random random)
    {
        string[] names = [Weights, Description, Key];
        var name = names[random.Next(names.Length)];
        return With(zip, Own(zip, name), _ => Read(other).Find(entry => entry.Name == Own(other, name)).Content);
    }

    private static byte[] Edited(byte[] json, Random random)
    {
        var text = Encoding.UTF8.GetString(json);
        var values = Regex.Matches(text, @"(?<=:\s*)(-?[\d.eE+-]+|""[^""]*""|true|false|null)");
        var value = values[random.Next(values.Count)];
        return Encoding.UTF8.GetBytes(text[..value.Index] + Words[random.Next(Words.Length)] + text[(value.Index + value.Length)..]);
    }

    private static byte[] Sealed(byte[] zip)
    {
        var (weights, description) = (Own(zip, Weights), Own(zip, Description));
        var weightsHash = Convert.ToHexStringLower(SHA256.HashData(Read(zip).Find(entry => entry.Name == weights).Content));
        var described = With(zip, description, bytes => Encoding.UTF8.GetBytes(Regex.Replace(
            Encoding.UTF8.GetString(bytes), @"(?<=""weightsSha256"":\s*"")[^""]*", weightsHash)));
        var hash = SHA256.HashData(Read(described).Find(entry => entry.Name == description).Content);
        return With(described, Own(zip, Key), key => [.. key[..KeyHeader], .. hash, .. key[(KeyHeader + hash.Length)..]]);
    }

    private static List<(string Name, byte[] Content)> Read(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip), ZipArchiveMode.Read);
        return [.. archive.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            return (entry.FullName, content.ToArray());
        })];
    }

    private static byte[] Write(List<(string Name, byte[] Content)> entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }
}
