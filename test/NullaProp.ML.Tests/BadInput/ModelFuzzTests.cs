using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Model files with bytes changed at random: each loads or throws, and none leaves a tensor.</summary>
[TestClass]
public sealed class ModelFuzzTests
{
    private const int Rounds = 300;

    [TestMethod]
    public void Load_BytesChangedAtRandom_WorksOrThrowsAndLeavesNothing()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var good = ModelZip.Of(context, model);
        var random = new Random(20240229);
        var (loaded, refused, ours) = (0, 0, 0);

        for (var round = 0; round < Rounds; round++)
        {
            var before = Fault.LiveTensors;
            var zip = Damaged(good, random, round); // not where its own faults would count as refusals
            try
            {
                var transformer = zip.Load(context);
                using var owner = transformer as IDisposable;
                loaded++;
                Score(context, transformer);
            }
            catch (Exception fault)
            {
                refused++;
                ours += Fault.IsOurs(fault, $"round {round}") ? 1 : 0;
            }

            Assert.AreEqual(before, Fault.LiveTensors, $"round {round} left tensors behind");
        }

        Assert.IsGreaterThan(Rounds / 2, refused);
        Assert.IsGreaterThan(Rounds / 3, ours, "what the zip does not show is found by this library");
        Assert.IsGreaterThan(0, loaded);
        Tiny.AssertScores(context, model);
    }

    // A model with right hashes is another one, and may be one that cannot score and says so.
    private static void Score(MLContext context, ITransformer transformer)
    {
        try
        {
            Tiny.Scores(context, transformer, Tiny.Photos(2));
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
        {
            Assert.IsNotEmpty(fault.Message);
        }
    }

    // A third each: the zip itself changed, the zip cut, and the bytes inside one entry changed, which no compression protects.
    private static ModelZip Damaged(ModelZip good, Random random, int round)
    {
        string[] entries = ["Model.key", "model.json", "weights.safetensors"];
        return (round % 3) switch
        {
            0 => new ModelZip(Flipped(good.Bytes, random)),
            1 => new ModelZip(random.Next(2) == 0 ? good.Bytes[..random.Next(good.Bytes.Length)] : Flipped(good.Bytes, random, last: 600)),
            _ =>
                good.With(
                    entries[random.Next(entries.Length)],
                    bytes => Flipped(bytes, random, first: random.Next(2) == 0 ? 2000 : bytes.Length)),
        };
    }

    private static byte[] Flipped(byte[] bytes, Random random, int? first = null, int? last = null)
    {
        var (from, to) = last is { } length
            ? (Math.Max(0, bytes.Length - length), bytes.Length)
            : (0, Math.Min(bytes.Length, first ?? bytes.Length));
        byte[] result = [.. bytes];
        for (var i = random.Next(1, 8); i > 0; i--)
        {
            result[random.Next(from, to)] ^= (byte)(1 << random.Next(8));
        }

        return result;
    }
}
