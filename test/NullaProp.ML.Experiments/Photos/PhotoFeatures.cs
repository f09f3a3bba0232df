using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Storage;
using static TorchSharp.torch;

namespace NullaProp.ML.Experiments.Photos;

/// <summary>
/// What the pretrained network sees in photos of CIFAR-10, enlarged to 224×224 as the samples program does. Computed once and kept in a
/// file, for that takes most of the time.
/// </summary>
internal sealed class PhotoFeatures
{
    private const int Batch = 16;

    private readonly Dictionary<string, float[]> _byPath = new(StringComparer.Ordinal);
    private readonly string _file;

    /// <summary>Reads what the file holds.</summary>
    /// <param name="file">The file; it need not be there.</param>
    public PhotoFeatures(string file)
    {
        _file = file;
        if (!File.Exists(file))
            return;
        using var reader = new BinaryReader(File.OpenRead(file));
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var path = reader.ReadString();
            _byPath[path] = MemoryMarshal.Cast<byte, float>(reader.ReadBytes(PretrainedBackbone.FeatureCount * sizeof(float))).ToArray();
        }
    }

    /// <summary>Returns the features of a photo, which are known.</summary>
    public float[] Of(Photo photo) => _byPath[photo.Path];

    /// <summary>Computes the features of photos that the file does not hold.</summary>
    /// <param name="archive">The zip of JPEG files, as train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg.</param>
    /// <param name="photos">The photos.</param>
    /// <param name="cancellationToken">Stops it; what is computed is kept in the file.</param>
    /// <exception cref="UserMistakeException">The archive lacks a photo.</exception>
    public void Compute(string archive, IEnumerable<Photo> photos, CancellationToken cancellationToken)
    {
        Photo[] missing = [.. photos.Distinct().Where(photo => !_byPath.ContainsKey(photo.Path))];
        if (missing.Length == 0)
            return;

        using var trunk = new FrozenTrunk(PretrainedPackage.Read(Path.Combine(AppContext.BaseDirectory, PretrainedPackage.Folder)), CPU);
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            PhotoArchive.Extract(archive, missing, folder.FullName);
            foreach (var batch in missing.Chunk(Batch))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var features = new float[batch.Length * PretrainedBackbone.FeatureCount];
                trunk.Features(Pixels(batch, folder.FullName), features);
                foreach (var (photo, values) in batch.Zip(features.Chunk(PretrainedBackbone.FeatureCount)))
                {
                    _byPath[photo.Path] = values;
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
            WholeFile.Replace(_file, Write);
        }
    }

    private void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        foreach (var (path, values) in _byPath)
        {
            writer.Write(path);
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }
    }

    private static float[] Pixels(IEnumerable<Photo> photos, string folder)
    {
        var mlContext = new MLContext();
        var rows = mlContext.Data.LoadFromEnumerable(photos.Select(photo => new ImageRow { ImagePath = Path.Combine(folder, photo.Path) }));
        var pixels = ImagePixels.ForPhotos.CreatePipeline(mlContext).Fit(rows).Transform(rows);
        return [.. pixels.GetColumn<float[]>("Features").SelectMany(values => values)];
    }
}
