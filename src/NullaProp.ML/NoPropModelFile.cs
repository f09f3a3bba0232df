using System.Diagnostics.CodeAnalysis;
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
    /// has changed since, that this version can read it, that it holds the weights its options need and nothing else, and that it scores a
    /// row in seconds. Loads no other transformer, scores nothing, and needs no libtorch, but for a <see cref="NoPropBackbone.Custom"/>
    /// backbone, whose module must be registered.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">
    /// A model in the file cannot be used, or there is none; the message says what is wrong. Where it is of a NoProp model,
    /// <c>mlContext.Model.Load</c> fails with the same one inside.
    /// </exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidOperationException">
    /// The module of a custom backbone is not registered, or the program is built for ahead-of-time compilation.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (Directory.Exists(path))
        {
            throw new IOException($"'{path}' is a folder, but must be the zip file of a model.");
        }

        if (WholeFile.IsWithoutLength(path))
        {
            // Not opened: a pipe would be waited for.
            throw UserFault.Of(new FormatException(
                $"The file '{path}' of 0 bytes is no model, or only a part of one: it is no whole zip file. If it is a pipe, write what "
                    + "comes through it to a file first; else copy the model again."));
        }

        using var file = File.OpenRead(path);
        if (ModelStreams.ForEach(file, context => NoPropTransformer.Read(context, new Lazy<Device>(() => CPU)).Network.Dispose()) == 0)
        {
            throw UserFault.Of(new FormatException(
                $"The file '{path}' holds no NoProp model. Check its name, or save one there with mlContext.Model.Save."));
        }
    }

    /// <summary>
    /// Saves a model as <c>mlContext.Model.Save</c> does, but to a new file beside the old one, which takes its place when all of it is on
    /// the disk: where saving fails or the process ends, the old file is there as it was.
    /// </summary>
    /// <param name="catalog">Saves any transformer, not only those of this library.</param>
    /// <param name="model">The transformer.</param>
    /// <param name="inputSchema">The schema of its input, or <see langword="null"/>.</param>
    /// <param name="filePath">
    /// The file. Its folder is made where there is none, for a training is not to be lost to that. A link stays one, and what it leads to
    /// is replaced.
    /// </param>
    /// <exception cref="IOException">The file cannot be written; nothing of it remains.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void SaveAtomically(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(filePath);
        if (Path.EndsInDirectorySeparator(filePath))
        {
            throw new IOException(
                $"'{filePath}' is the name of a folder, but a file is to be written. Add the name of the file to the path.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(filePath)) is { } folder)
        {
            if (File.Exists(folder))
            {
                throw new IOException($"'{folder}' is a file, but must be the folder of '{filePath}'. Save under another name.");
            }

            Directory.CreateDirectory(folder);
        }

        WholeFile.Replace(filePath, stream => catalog.Save(model, inputSchema, stream));
    }

#pragma warning disable RS0026 // a path or a stream, as in mlContext.Model.Save
    /// <summary>
    /// Writes the NoProp model of a chain as an ONNX file whose graph starts at the pixels of images, 0 to 255: the offset, scale and
    /// order of <c>ExtractPixels</c> are in the graph, so that a program without .NET gives it what a decoder of images gives. The
    /// images must have the size that <c>LoadImageFiles</c> or <c>ResizeImages</c> gave them. Channels are red, green, blue whatever the
    /// order in the chain.
    /// </summary>
    /// <param name="catalog">ML.NET's models.</param>
    /// <param name="model">The chain, or the NoProp transformer alone, whose file is that of
    /// <see cref="NoPropTransformer.SaveAsOnnx(string, OnnxExport?)"/>. Where NoProp reads images themselves, the graph starts at their
    /// pixels.</param>
    /// <param name="inputSchema">The schema of its input, as <c>mlContext.Model.Save</c> and <c>Load</c> have it.</param>
    /// <param name="filePath">Where to. A file that is there stays as it is until the new one is complete.</param>
    /// <param name="export">The names and forms of input and outputs; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The model has no NoProp transformer, or several; or two names are the same, or one is empty
    /// or starts with a slash.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The chain does not fit the schema.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model or the chain computes; the message says what to
    /// change.</exception>
    /// <exception cref="IOException">The file cannot be written; nothing of it remains.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder may not be written to.</exception>
    /// <example><code>mlContext.Model.SaveNoPropAsOnnx(model, data.Schema, "model.onnx");</code></example>
    public static void SaveNoPropAsOnnx(
        this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema inputSchema, string filePath, OnnxExport? export = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(filePath);
        WholeFile.Replace(filePath, stream => SaveNoPropAsOnnx(catalog, model, inputSchema, stream, export));
    }

    /// <summary>
    /// Does the same as <see cref="SaveNoPropAsOnnx(ModelOperationsCatalog, ITransformer, DataViewSchema, string, OnnxExport?)"/>, into a
    /// stream.
    /// </summary>
    /// <param name="catalog">ML.NET's models.</param>
    /// <param name="model">The chain, or the NoProp transformer alone.</param>
    /// <param name="inputSchema">The schema of its input.</param>
    /// <param name="stream">Where to, from its current position on; it need not seek.</param>
    /// <param name="export">The names and forms of input and outputs; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The model has no NoProp transformer, or several; or two names are the same, or one is empty
    /// or starts with a slash.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The chain does not fit the schema.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model or the chain computes; the message says what to
    /// change.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    public static void SaveNoPropAsOnnx(
        this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema inputSchema, Stream stream, OnnxExport? export = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        RequireSchema(inputSchema);
        ArgumentNullException.ThrowIfNull(stream);
        var steps = model.Steps().ToList();
        var classifier = model.GetNoPropTransformer();
        classifier.SaveAsOnnx(stream, export ?? new(), [.. steps.TakeWhile(step => step != classifier)], inputSchema);
    }
#pragma warning restore RS0026

    // Load gives none where none was saved, which a program does not see before.
    private static void RequireSchema([NotNull] DataViewSchema? inputSchema)
    {
        if (inputSchema is null)
        {
            throw UserFault.Of(new ArgumentNullException(
                nameof(inputSchema),
                "The schema of the model's input is missing: the model was saved without it, or none was given. Give that of its data, "
                    + "data.Schema."));
        }
    }
}
