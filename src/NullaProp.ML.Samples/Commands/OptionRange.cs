namespace NullaProp.ML.Samples.Commands;

/// <summary>Ranges of numbers that more than one command takes.</summary>
internal static class OptionRange
{
    /// <summary>Returns a number that counts something.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">What it says.</param>
    /// <exception cref="UserMistakeException">It is 0 or less.</exception>
    public static int AtLeastOne(string name, int value) =>
        value > 0 ? value : throw new UserMistakeException($"{name} is {value}, but must be 1 or more.");
}
