using Microsoft.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Storage;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>Checks files of models, and saves them so that nothing is lost where that fails.</summary>
public static class NoPropModelFile
{
    /// <summary>
    /// Checks every NoProp model in a file that <c>mlContext.Model.Save</c> wrote, alone or in a chain, as loading it would: that no bit
    /// has changed since, that this
    /// version can read it, that it holds the weights its options need and nothing else, and that it scores a row in seconds. Loads no
    /// other transformer, scores
    /// nothing, and needs no libtorch, but for a <see cref="NoPropBackbone.Custom"/> backbone, whose module must be registered.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">
    /// A model in the file cannot be used, or there is none; the message says what is wrong. <c>mlContext.Model.Load</c> fails with the
    /// same one inside.
    /// </exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidOperationException">The module of a custom backbone is not registered.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var file = File.OpenRead(path);
        if (ModelStreams.ForEach(file, context => NoPropTransformer.Read(context, new Lazy<Device>(() => CPU)).Network.Dispose()) == 0)
        {
            throw Marked.Exception(new FormatException(
                $"The file '{path}' holds no NoProp model. Check its name, or save one there with mlContext.Model.Save."));
        }
    }

    /// <summary>
    /// Saves a model as <c>mlContext.Model.Save</c> does, but to a new file beside the old one, which takes its place when all of it is
    /// on the
    /// disk: where saving fails or the process ends, the old file is there as it was.
    /// </summary>
    /// <param name="catalog">Saves any transformer, not only those of this library.</param>
    /// <param name="model">The transformer.</param>
    /// <param name="inputSchema">The schema of its input, or <see langword="null"/>.</param>
    /// <param name="filePath">The file; its folder must exist. A link stays one, and what it leads to is replaced.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">The file cannot be written; nothing of it remains.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void SaveAtomically(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(filePath);
        var link = File.Exists(filePath) ? File.ResolveLinkTarget(filePath, returnFinalTarget: true) : null;
        var target = link?.FullName ?? Path.GetFullPath(filePath);
        var folder = Path.GetDirectoryName(target);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException(
                $"The folder of the model file '{filePath}' does not exist. Create it with Directory.CreateDirectory before saving.");
        }

        var beside = Path.Combine(folder, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                catalog.Save(model, inputSchema, stream);
                stream.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                File.SetUnixFileMode(beside, File.GetUnixFileMode(target));
            }

            File.Move(beside, target, overwrite: true);
            FolderFlush.Flush(folder);
        }
        catch
        {
            File.Delete(beside); // does nothing where there is none
            throw;
        }
    }
}
