namespace NullaProp.ML.Data;

/// <summary>What a row says beside its image.</summary>
/// <param name="Label">The class index, from 0.</param>
/// <param name="Weight">The row's weight, 0 or more; 1 where no column holds weights.</param>
internal readonly record struct LabelledRow(int Label, float Weight = 1);
