namespace NullaProp.ML;

/// <summary>How much the classes count in training by the number of their rows.</summary>
public enum ClassWeighting
{
    /// <summary>A row counts the same whatever its class, so that a class counts by its number of rows.</summary>
    None,

    /// <summary>A row of class k counts n/(K·n_k), n rows in K classes and n_k of them in class k, so that every class counts the same. A class without rows has no effect.</summary>
    Balanced,
}
