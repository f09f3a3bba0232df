namespace NullaProp.ML.Samples.Commands;

/// <summary>What the library advises its callers to do, in words of who types a command.</summary>
internal static class ProgramWords
{
    private static readonly (string OfLibrary, string OfProgram)[] Words =
    [
        ($"{nameof(UnreadableImages)}.{nameof(UnreadableImages.Skip)}", $"--unreadable {UnreadableImages.Skip}"),
        (
            $"set {nameof(Checkpoints)}.{nameof(Checkpoints.Resume)} to {CheckpointResume.Never} to start anew and replace them",
            "delete them"
        ),
        ($" To train a finished model longer, give it as {nameof(NoPropRun)}.{nameof(NoPropRun.Previous)}.", ""),
        ($"{nameof(NoPropOptions)}.{nameof(NoPropOptions.Photos)}, with images of 3×224×224,", "--backbone pretrained"),
        ($"{nameof(NoPropOptions.EarlyStoppingPatience)} is", "--patience is"),
        ($"{nameof(Augmentation)}.{nameof(Augmentation.RandomCropPadding)} is", "--crop is"),
        ($"{nameof(Augmentation)}.{nameof(Augmentation.HorizontalFlipProbability)} is", "--flip is"),
        (" (Parameter 'block')", ""),
        ($"{nameof(OnnxExport.ScoreName)} and {nameof(OnnxExport.PathName)} are both", "The output of probabilities and --path are both"),
        ($"{nameof(OnnxExport.ClassName)} and {nameof(OnnxExport.PathName)} are both", "The output of classes and --path are both"),
        ($"{nameof(OnnxExport.InputName)} and {nameof(OnnxExport.PathName)} are both", "The input and --path are both"),
        ($"{nameof(OnnxExport.PathName)} is", "--path is"),
        ($" ({nameof(Checkpoints)}.{nameof(Checkpoints.LockTimeout)})", ""),
        ($"{nameof(NoPropBlocks)}.{nameof(NoPropBlocks.Train)}", "'blocks train --index'"),
        (" with Directory.CreateDirectory before saving", " first"),
    ];

    /// <summary>Returns a sentence of the library as the program says it.</summary>
    public static string Of(string sentence) =>
        Words.Aggregate(sentence, (text, word) => text.Replace(word.OfLibrary, word.OfProgram, StringComparison.Ordinal));
}
