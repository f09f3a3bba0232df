namespace NullaProp.ML.Storage;

/// <summary>The rules for where a foreign safetensors file says its tensors lie.</summary>
internal static class TensorLayout
{
    /// <summary>Requires that each tensor has the bytes its shape needs and begins where the one before it ends, from byte 0 on.</summary>
    /// <param name="entries">The tensors in the order of their data.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="FormatException">A rule is broken.</exception>
    public static void Check(IReadOnlyList<TensorEntry> entries, long largestData)
    {
        var end = 0L;
        foreach (var entry in entries)
        {
            CheckSize(entry);
            CheckBegin(entry, end);
            end = entry.End;
        }
        if (end > largestData)
            throw new FormatException($"The tensors of the safetensors data take {end} bytes, but at most {largestData} are allowed.");
    }

    private static void CheckSize(TensorEntry entry)
    {
        var size = Size(entry);
        if (entry.Length != size)
        {
            var needs = $"its dtype {entry.Type.Name} and shape {TensorEntry.Listed(entry.Shape)} need {size}";
            throw new FormatException($"Tensor {entry.QuotedName} has data_offsets that span {entry.Length} bytes, but {needs}.");
        }
    }

    private static long Size(TensorEntry entry)
    {
        long size = entry.Type.Size;
        try
        {
            // A zero must not hide an overflow in the other dimensions: libtorch multiplies them, too.
            foreach (var dimension in entry.Shape)
                size = checked(size * Math.Max(1, dimension));
        }
        catch (OverflowException exception)
        {
            var shape = TensorEntry.Listed(entry.Shape);
            throw new FormatException(
                $"Tensor {entry.QuotedName} has the shape {shape}, but its bytes must be fewer than 2^63.", exception);
        }
        return entry.Shape.Contains(0) ? 0 : size;
    }

    private static void CheckBegin(TensorEntry entry, long end)
    {
        if (entry.Begin != end)
        {
            var fault = entry.Begin < end ? "overlaps the tensor before it" : "leaves a hole";
            throw new FormatException(
                $"The data of tensor {entry.QuotedName} begins at byte {entry.Begin}, which {fault}, but it must begin at byte {end}.");
        }
    }
}
