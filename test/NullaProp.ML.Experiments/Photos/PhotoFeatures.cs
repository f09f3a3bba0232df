using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
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
    private long _whole; // bytes of the file, without what a killed program left half written

    /// <summary>Reads what the file holds.</summary>
    /// <param name="file">The file; it need not be there.</param>
    public PhotoFeatures(string file)
    {
        _file = file;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using var reader = new BinaryReader(File.Open(file, FileMode.OpenOrCreate));
        while (ReadOne(reader))
            _whole = reader.BaseStream.Position;
    }

    /// <summary>Returns the features of a photo, which are known.</summary>
    public float[] Of(Photo photo) => _byPath[photo.Path];

    /// <summary>Computes the features of photos that the file does not hold.</summary>
    /// <param name="archive">The zip of JPEG files, as train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg.</param>
    /// <param name="photos">The photos.</param>
    /// <param name="cancellationToken">Stops it; what is computed stays in the file.</param>
    /// <exception cref="UserMistakeException">The archive lacks a photo.</exception>
    public void Compute(string archive, IEnumerable<Photo> photos, CancellationToken cancellationToken)
    {
        Photo[] missing = [.. photos.Distinct().Where(photo => !_byPath.ContainsKey(photo.Path))];
        if (missing.Length == 0)
            return;

        using var trunk = new FrozenTrunk(PretrainedPackage.Read(Path.Combine(AppContext.BaseDirectory, PretrainedPackage.Folder)), CPU);
        using var writer = new BinaryWriter(File.Open(_file, FileMode.Open));
        writer.BaseStream.SetLength(_whole);
        writer.BaseStream.Seek(0, SeekOrigin.End);
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
                    writer.Write(photo.Path);
                    writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
            writer.Flush();
            _whole = writer.BaseStream.Length;
        }
    }

    private bool ReadOne(BinaryReader reader)
    {
        try
        {
            var path = reader.ReadString();
            var values = new byte[PretrainedBackbone.FeatureCount * sizeof(float)];
            reader.BaseStream.ReadExactly(values);
            _byPath[path] = MemoryMarshal.Cast<byte, float>(values).ToArray();
            return true;
        }
        catch (EndOfStreamException)
        {
            return false;
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
