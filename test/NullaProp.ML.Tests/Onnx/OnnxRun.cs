using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NullaProp.ML.Onnx;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>Computes what a written ONNX file says, by a runtime that knows nothing of this library.</summary>
internal sealed class OnnxRun : IDisposable
{
    private readonly SessionOptions _options = new();
    private readonly InferenceSession _session;

    public OnnxRun(byte[] file, bool optimized = true)
    {
        _options.GraphOptimizationLevel = optimized ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL;
        _options.IntraOpNumThreads = 1;
        _options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        _session = new InferenceSession(file, _options);
    }

    public InferenceSession Session => _session;

    /// <summary>Returns the bytes of a graph as a file.</summary>
    public static byte[] File(OnnxGraph graph, params KeyValuePair<string, string>[] metadata)
    {
        using var stream = new MemoryStream();
        OnnxFile.Write(stream, graph, metadata);
        return stream.ToArray();
    }

    /// <summary>Returns an output of single precision, row-major.</summary>
    public float[] Singles<T>(string output, int[] shape, params T[] input) => Run<T, float>(output, shape, input);

    /// <summary>Returns an output of whole numbers, row-major.</summary>
    public long[] Integers<T>(string output, int[] shape, params T[] input) => Run<T, long>(output, shape, input);

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private TOut[] Run<TIn, TOut>(string output, int[] shape, TIn[] input)
    {
        var name = _session.InputMetadata.Keys.Single();
        using var results = _session.Run([NamedOnnxValue.CreateFromTensor(name, new DenseTensor<TIn>(input, shape))], [output]);
        return [.. results.Single().AsTensor<TOut>()];
    }
}
