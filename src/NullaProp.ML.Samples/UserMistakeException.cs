namespace NullaProp.ML.Samples;

/// <summary>
/// Something the user can put right, said in one sentence. The command prints it and ends with exit code 1, or another that its help names.
/// </summary>
internal sealed class UserMistakeException(string message, Exception? innerException = null) : Exception(message, innerException);
