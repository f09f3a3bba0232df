using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>A labelled image.</summary>
internal sealed class ImageRow<TLabel>
{
    [VectorType(1, TinyImages.Side, TinyImages.Side)]
    public float[] Features { get; set; } = [];

    public TLabel Label { get; set; } = default!;
}

/// <summary>An image labelled by a bare key of four values; ML.NET takes the value from 0 and hands out the key from 1.</summary>
internal sealed class BareKeyRow
{
    [VectorType(1, TinyImages.Side, TinyImages.Side)]
    public float[] Features { get; set; } = [];

    [KeyType(4)]
    public uint Label { get; set; }
}

/// <summary>An image without a label.</summary>
internal sealed class UnlabelledRow
{
    [VectorType(1, TinyImages.Side, TinyImages.Side)]
    public float[] Features { get; set; } = [];
}

/// <summary>What a model says of an image.</summary>
internal sealed class Prediction
{
    public uint PredictedLabel { get; set; }

    public float[] Score { get; set; } = [];
}

/// <summary>What a model says of an image, with the class by its name.</summary>
internal sealed class NamedPrediction
{
    public string PredictedLabel { get; set; } = string.Empty;

    public float[] Score { get; set; } = [];
}
