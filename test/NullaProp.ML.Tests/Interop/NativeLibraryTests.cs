using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Interop;

[TestClass]
public sealed class NativeLibraryTests
{
    [TestMethod]
    public void Add_OneAndOne_GivesTwo()
    {
        using var scope = NewDisposeScope();
        var one = tensor(1.0f);

        var two = one + one;

        Assert.AreEqual(2.0f, two.item<float>());
    }
}
