using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What is wrong with a command line, in words of who types it.</summary>
[TestClass]
public sealed class CommandMistakesTests
{
    [TestMethod]
    [DataRow("predict", "MODEL.zip is missing. IMAGE is missing.")]
    [DataRow("predict a.zip", "IMAGE is missing.")]
    [DataRow("train", "FOLDER is missing.")]
    [DataRow("train photos --epochs", "--epochs has no value.")]
    [DataRow("train photos --epochs abc", "--epochs is 'abc', but must be a whole number, at most 2147483647.")]
    [DataRow("train photos --epochs 99999999999", "--epochs is '99999999999', but must be a whole number, at most 2147483647.")]
    [DataRow("train photos --epochs 1 --epochs 2", "--epochs is given 2 times, but takes one value.")]
    [DataRow("train photos --learning-rate x", "--learning-rate is 'x', but must be a number with a point, such as 0.5.")]
    [DataRow("train photos --fit", "--fit has no value: one of Crop, Pad, Stretch.")]
    [DataRow("train photos --fit fill", "--fit is 'fill', but must be one of Crop, Pad, Stretch.")]
    [DataRow("train photos --epoch 3", "'train' has no option --epoch.")]
    [DataRow("train --foo photos", "'train' has no option --foo.")]
    [DataRow("--size 5 train photos", "--size stands before the command 'train'. Put it behind.")]
    [DataRow("blocks --run r train", "--run stands before the command 'train'. Put it behind.")]
    [DataRow("blocks train --index abc", "--run is missing. --index is 'abc', but must be a whole number, at most 2147483647.")]
    public void Of_WhatTheParserRefuses_NamesWhatWasTyped(string line, string expected) =>
        Assert.AreEqual(expected, CommandMistakes.Of(AllCommands.Create().Parse(line)));

    [TestMethod]
    [DataRow("train photos --learning-rate 0,01", "--learning-rate is '0,01', but must be a number with a point, such as 0.5.")]
    [DataRow("train photos --fit 1", "--fit is '1', but must be one of Crop, Pad, Stretch.")]
    [DataRow("--output out train photos", "--output stands before the command 'train'. Put it behind.")]
    [DataRow("--epochs 2 blocks merge --run r --output m.zip", "--epochs stands before the command 'merge'. Put it behind.")]
    [DataRow("export model.zip --half", "'export' has no option --half.")]
    [DataRow("predict model.zip cat.png --top", "'predict' has no option --top.")]
    [DataRow("train photos --output --verbos", "'train' has no option --verbos.")]
    [DataRow("export model.zip -- --half", null)]
    [DataRow("blocks launch --run r --sbatch=--time=2:00:00", null)]
    [DataRow("--help train", null)]
    [DataRow("--output out train photos --help", null)]
    [DataRow("--output out", null)]
    [DataRow("train photos --fit Crop", null)]
    [DataRow("train photos --backbone pretrained", null)]
    public void Unmeant_WhatTheParserTakes_IsRefusedWhereNobodyMeansIt(string line, string? expected)
    {
        var parsed = AllCommands.Create().Parse(line);

        Assert.IsEmpty(parsed.Errors);
        Assert.AreEqual(expected, CommandMistakes.Unmeant(parsed));
    }
}
