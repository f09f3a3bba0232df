using System.Security.Cryptography;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>The file that <see cref="NoPropOptions.BackboneWeightsPath"/> names, in memory.</summary>
internal sealed class PretrainedFile
{
    private const string Prefix = "backbone.";
    private const string PackageCommand = $"dotnet add package {PretrainedPackage.Name} --version {PretrainedPackage.Version}";

    // What torchvision's networks were trained with: of ImageNet's red, green and blue from 0 to 255.
    private static readonly double[] ImageNetMean = [.. new[] { 0.485, 0.456, 0.406 }.Select(mean => 255 * mean)];
    private static readonly double[] ImageNetScale = [.. new[] { 0.229, 0.224, 0.225 }.Select(deviation => 1 / (255 * deviation))];

    private readonly string _path;
    private readonly bool _isOfThisLibrary;

    private PretrainedFile(string path, bool isOfThisLibrary, IReadOnlyDictionary<string, HostTensor> weights)
    {
        (_path, _isOfThisLibrary) = (path, isOfThisLibrary);
        Weights = new BackboneStart(weights);
    }

    /// <summary>Gets the backbone's weights.</summary>
    public BackboneStart Weights { get; }

    /// <summary>
    /// Returns a sentence about the package of the weights, or <see langword="null"/> where nobody needs it or it is there.
    /// </summary>
    /// <param name="options">The options.</param>
    public static string? MissingPackage(NoPropOptions options) =>
        options.Backbone.IsPretrained() && !File.Exists(Path.Combine(Folder(options.BackboneWeightsPath), PretrainedPackage.NetworkFile))
            ? $"The weights of {options.Backbone} are missing, too: {PackageCommand}."
            : null;

    /// <summary>Reads a network that is trained already.</summary>
    /// <param name="path">The folder of the package's files; <see langword="null"/> for that beside the application.</param>
    /// <param name="device">Where it shall compute.</param>
    /// <exception cref="InvalidOperationException">The files are not there, or are damaged.</exception>
    public static FrozenTrunk ReadTrunk(string? path, Device device)
    {
        var folder = Folder(path);
        try
        {
            return new FrozenTrunk(PretrainedPackage.Read(folder), device);
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"The weights of {NoPropBackbone.PretrainedResNet18} cannot be read from '{folder}' ({fault.Message.TrimEnd('.')}). "
                + $"Reference the package {PretrainedPackage.Name} in the application, whose build copies them there "
                + $"({PackageCommand}), or name its folder "
                + $"{PretrainedPackage.Folder} with {nameof(NoPropOptions.BackboneWeightsPath)}.",
                fault));
        }
    }

    /// <summary>Reads the file, if the options name one.</summary>
    /// <param name="path">The file's path, or <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">There is no such file, or it is no safetensors file.</exception>
    public static PretrainedFile? Read(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using var stream = WholeFile.OpenRead(path);
            var header = SafeTensors.ReadHeader(stream);
            var isWhole = header.Entries.Any(entry => entry.Name.StartsWith(Prefix, StringComparison.Ordinal));
            return new PretrainedFile(path, isWhole, Backbone(stream, header, isWhole));
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"The file '{path}' of {nameof(NoPropOptions.BackboneWeightsPath)} cannot be read ({fault.Message.TrimEnd('.')}), " +
                "but must be a safetensors file. Save the weights again with safetensors.torch.save_file(model.state_dict(), …).", fault));
        }
    }

    /// <summary>Returns a hash of the file, 64 hexadecimal digits, if the options name one.</summary>
    /// <param name="path">The file's path, or <see langword="null"/>.</param>
    public static string? Hash(string? path)
    {
        if (path is null)
        {
            return null;
        }

        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Checks that a model found all it needs, after it asked.</summary>
    /// <param name="warn">Hears of a first convolution that did not fit.</param>
    /// <exception cref="InvalidOperationException">Weights do not fit.</exception>
    public void CheckUse(Action<string> warn)
    {
        if (Weights.Faults() is { Count: > 0 } faults)
        {
            const int most = 5;
            throw new InvalidOperationException(
                $"The file '{_path}' of {nameof(NoPropOptions.BackboneWeightsPath)} does not fit the backbone: "
                + $"{NameList.Of(faults, most)}. Choose the {nameof(NoPropOptions.Backbone)} that the file was made from.");
        }

        if (Weights.Warning is { } warning)
        {
            warn($"The file '{_path}' of {nameof(NoPropOptions.BackboneWeightsPath)} has another stem: {warning}");
        }
    }

    /// <summary>
    /// Returns the scaling of pixels that the weights were trained with: for a whole ResNet of torchvision's and colours from 0 to 255
    /// that of ImageNet, else the data's own. A channel that never varies has no influence in either. After <see cref="CheckUse"/>.
    /// </summary>
    /// <param name="kind">The backbone.</param>
    /// <param name="statistics">The data's.</param>
    public (double[] Mean, double[] Scale) Scaling(NoPropBackbone kind, ChannelStatistics statistics) =>
        kind is NoPropBackbone.ResNet18 or NoPropBackbone.ResNet50 or NoPropBackbone.ResNet152
        && !_isOfThisLibrary && Weights.Warning is null && statistics is { AreOfBytes: true, Mean.Length: 3 }
            ? (ImageNetMean, [.. ImageNetScale.Zip(statistics.Scale, (theirs, own) => own == 0 ? 0 : theirs)])
            : (statistics.Mean, statistics.Scale);

    private static string Folder(string? path) => path ?? Path.Combine(AppContext.BaseDirectory, PretrainedPackage.Folder);

    // A file of nothing but a backbone, or one of a whole model of this library.
    private static Dictionary<string, HostTensor> Backbone(Stream stream, SafeTensorsHeader header, bool isWhole) =>
        SafeTensors.ReadTensors(stream, header, name => Own(name, isWhole) is not null)
            .ToDictionary(pair => Own(pair.Key, isWhole)!, pair => Finite(pair.Key, pair.Value));

    // The name below the backbone; null for what it has no use for.
    private static string? Own(string name, bool isWhole)
    {
        if (isWhole && !name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var own = isWhole ? name[Prefix.Length..] : name;
        var isUnused = own.StartsWith("fc.", StringComparison.Ordinal) || own.EndsWith("num_batches_tracked", StringComparison.Ordinal);
        return isUnused ? null : own;
    }

    private static HostTensor Finite(string name, HostTensor value) =>
        value.IsFinite() ? value : throw new FormatException($"'{name}' holds NaN or infinity");
}
