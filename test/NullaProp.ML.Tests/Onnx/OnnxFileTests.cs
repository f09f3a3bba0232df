using NullaProp.ML.Onnx;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Onnx;

[TestClass]
public sealed class OnnxFileTests
{
    [TestMethod]
    public void Write_SameGraphTwice_GivesTheSameBytes()
    {
        CollectionAssert.AreEqual(OnnxRun.File(Graph(OnnxPrecision.Full)), OnnxRun.File(Graph(OnnxPrecision.Full)));
    }

    [TestMethod]
    public void Write_WhatNoOutputNeeds_IsLeftOut()
    {
        var (graph, plain) = (Graph(OnnxPrecision.Full), Graph(OnnxPrecision.Full));
        graph.Product(new OnnxValue("x"), "unused", new HostTensor([3, 3], new float[9]));

        CollectionAssert.AreEqual(OnnxRun.File(plain), OnnxRun.File(graph));
    }

    [TestMethod]
    public void Write_MatrixUsedTwice_IsStoredOnce()
    {
        var graph = new OnnxGraph(OnnxPrecision.Half);
        HostTensor matrix = new([64, 64], new float[64 * 64]);
        var x = graph.Input("x", OnnxType.Single, 64);
        graph.Output("y", graph.Product(graph.Product(x, "a", matrix), "a", matrix), OnnxType.Single, 64);

        Assert.IsLessThan(64 * 64 * 2 * 1.2, OnnxRun.File(graph).Length);
    }

    [TestMethod]
    public void Write_MetadataAndRows_AreReadByARuntime()
    {
        using var run = new OnnxRun(OnnxRun.File(Graph(OnnxPrecision.Full), new("class_names", "[\"Ä\"]"), new("empty", "")));

        Assert.AreEqual("[\"Ä\"]", run.Session.ModelMetadata.CustomMetadataMap["class_names"]);
        Assert.AreEqual("", run.Session.ModelMetadata.CustomMetadataMap["empty"]);
        Assert.AreEqual("NullaProp.ML", run.Session.ModelMetadata.ProducerName);
        Assert.AreEqual("N", run.Session.InputMetadata["x"].SymbolicDimensions[0]);
        CollectionAssert.AreEqual(new[] { -1, 3 }, run.Session.OutputMetadata["y"].Dimensions);
    }

    [TestMethod]
    public void Write_HalfPrecision_ComputesWithTheRoundedMatrix()
    {
        using var run = new OnnxRun(OnnxRun.File(Graph(OnnxPrecision.Half)));

        var actual = run.Singles("y", [1, 3], [1f, 0, 0]);

        CollectionAssert.AreEqual(new[] { (float)(Half)0.1f, (float)(Half)0.4f, (float)(Half)0.7f }, actual);
    }

    [TestMethod]
    public void Matrix_ValueAboveHalfPrecision_SaysWhatToChange()
    {
        var graph = new OnnxGraph(OnnxPrecision.Half);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => graph.Matrix("head.weight", new HostTensor([1, 1], [70_000])));

        StringAssert.Contains(fault.Message, "'head.weight'");
        StringAssert.Contains(fault.Message, "OnnxPrecision.Full");
    }

    // y = x·Aᵀ with A = 0.1, 0.2, … row by row.
    private static OnnxGraph Graph(OnnxPrecision precision)
    {
        var graph = new OnnxGraph(precision);
        HostTensor matrix = new([3, 3], [0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f]);
        graph.Output("y", graph.Product(graph.Input("x", OnnxType.Single, 3), "a", matrix), OnnxType.Single, 3);
        return graph;
    }
}
