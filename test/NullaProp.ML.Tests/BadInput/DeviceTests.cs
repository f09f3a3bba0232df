using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A GPU that was asked for and is not there.</summary>
[TestClass]
public sealed class DeviceTests
{
    private const int Absent = 99;

    [TestMethod]
    [DataRow(0)]
    [DataRow(Absent)]
    [DataRow(-1)]
    public void Fit_GpuAbsentWithoutFallback_TellsTheWaysOut(int id)
    {
        SkipIfPresent(id);
        var context = new MLContext(seed: 1) { GpuDeviceId = id, FallbackToCpu = false };

        Fault.Of<InvalidOperationException>(() => Tiny.Model(context), Words(id));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(Absent)]
    public void Load_GpuAbsentWithoutFallback_TellsTheWaysOut(int id)
    {
        SkipIfPresent(id);
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var zip = ModelZip.Of(context, model);

        Fault.Of<InvalidOperationException>(() => zip.Load(new MLContext { GpuDeviceId = id }), Words(id));

        Tiny.AssertScores(context, model);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(Absent)]
    public void FitAndLoad_GpuAbsentWithFallback_WorkAndWarn(int id)
    {
        SkipIfPresent(id);
        var context = new MLContext(seed: 1) { GpuDeviceId = id, FallbackToCpu = true };
        var warnings = new List<string>();
        context.Log += (_, line) =>
        {
            if (line.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
            {
                warnings.Add(line.RawMessage);
            }
        };

        using var model = Tiny.Model(context);
        using var loaded = ModelZip.Of(context, model).Load<NoPropTransformer>(context);

        Tiny.AssertScores(context, model);
        Tiny.AssertScores(context, loaded);
        Assert.HasCount(2, warnings);
        foreach (var warning in warnings)
        {
            Assert.StartsWith($"MLContext.GpuDeviceId is {id}, but ", warning);
            Assert.EndsWith(": working on the CPU, as FallbackToCpu allows.", warning);
        }
    }

    private static string[] Words(int id) =>
    [
        $"MLContext.GpuDeviceId is {id}, but ",
        "Set GpuDeviceId to null for the CPU, set MLContext.FallbackToCpu to true, or reference the package TorchSharp-cuda-linux or "
            + "TorchSharp-cuda-windows on a machine with a CUDA driver.",
    ];

    private static void SkipIfPresent(int id)
    {
        if (id == 0 && TorchSharp.torch.cuda.is_available())
        {
            Assert.Inconclusive("This test needs a machine without a CUDA device.");
        }
    }
}
