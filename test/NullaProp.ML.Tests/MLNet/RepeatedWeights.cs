using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using NullaProp.ML.Tests.BadInput;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// Makes a saved model of millions of weights small enough to keep in the repository: in each tensor the first values are repeated, so
/// that the zip packs it to nearly nothing. Names, shapes, and what the network computes stay what they are.
/// </summary>
internal static class RepeatedWeights
{
    private const int Largest = 1_000_000; // bytes of weights that are kept whole
    private const int Period = 61; // prime, so that no two channels come out the same
    private const string Weights = "weights.safetensors";

    /// <summary>Returns the model, whose hashes are as if it had been saved so; or the same where nothing in it is large.</summary>
    public static byte[] In(byte[] model)
    {
        using var zip = new ZipArchive(new MemoryStream(model), ZipArchiveMode.Read);
        var entry = zip.Entries.Single(entry => entry.Name == Weights);
        var name = entry.FullName[ModelZip.Folder.Length..];
        return entry.Length < Largest ? model : new ModelZip(model).With(name, Repeated).Bytes;
    }

    private static byte[] Repeated(byte[] file)
    {
        var start = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(sizeof(long), start - sizeof(long)));
        foreach (var tensor in header.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            var offsets = tensor.Value.GetProperty("data_offsets");
            var (from, to) = (start + offsets[0].GetInt32(), start + offsets[1].GetInt32());
            if (to - from > sizeof(float) * Period)
            {
                var values = MemoryMarshal.Cast<byte, float>(file.AsSpan(from, Math.Min(sizeof(float) * Period, to - from)));
                if (IsKernel(tensor)) // else a deep network, trained for two epochs, would not hear of its image any more
                {
                    TensorPrimitives.Subtract(values, TensorPrimitives.Sum(values) / values.Length, values);
                }

                var period = sizeof(float) * Period;
                for (var at = from + period; at < to; at += period)
                {
                    file.AsSpan(from, Math.Min(period, to - at)).CopyTo(file.AsSpan(at));
                }
            }
        }

        return file;
    }

    private static bool IsKernel(JsonProperty tensor) => tensor.Value.GetProperty("shape").GetArrayLength() == 4;
}
