namespace NullaProp.ML.Onnx;

/// <summary>The numbers of the fields of ONNX's messages that this library writes or reads (github.com/onnx/onnx, onnx.proto).</summary>
internal static class OnnxFields
{
    /// <summary>ModelProto.ir_version.</summary>
    public const int ModelIrVersion = 1;

    /// <summary>ModelProto.producer_name.</summary>
    public const int ModelProducerName = 2;

    /// <summary>ModelProto.producer_version.</summary>
    public const int ModelProducerVersion = 3;

    /// <summary>ModelProto.graph.</summary>
    public const int ModelGraph = 7;

    /// <summary>ModelProto.opset_import.</summary>
    public const int ModelOpsetImport = 8;

    /// <summary>ModelProto.metadata_props.</summary>
    public const int ModelMetadata = 14;

    /// <summary>OperatorSetIdProto.version.</summary>
    public const int OpsetVersion = 2;

    /// <summary>StringStringEntryProto.key.</summary>
    public const int EntryKey = 1;

    /// <summary>StringStringEntryProto.value.</summary>
    public const int EntryValue = 2;

    /// <summary>GraphProto.node.</summary>
    public const int GraphNode = 1;

    /// <summary>GraphProto.name.</summary>
    public const int GraphName = 2;

    /// <summary>GraphProto.initializer.</summary>
    public const int GraphInitializer = 5;

    /// <summary>GraphProto.input.</summary>
    public const int GraphInput = 11;

    /// <summary>GraphProto.output.</summary>
    public const int GraphOutput = 12;

    /// <summary>NodeProto.input.</summary>
    public const int NodeInput = 1;

    /// <summary>NodeProto.output.</summary>
    public const int NodeOutput = 2;

    /// <summary>NodeProto.name.</summary>
    public const int NodeName = 3;

    /// <summary>NodeProto.op_type.</summary>
    public const int NodeOperation = 4;

    /// <summary>NodeProto.attribute.</summary>
    public const int NodeAttribute = 5;

    /// <summary>AttributeProto.name.</summary>
    public const int AttributeName = 1;

    /// <summary>AttributeProto.i.</summary>
    public const int AttributeNumber = 3;

    /// <summary>AttributeProto.ints.</summary>
    public const int AttributeNumbers = 8;

    /// <summary>AttributeProto.type.</summary>
    public const int AttributeType = 20;

    /// <summary>TensorProto.dims.</summary>
    public const int TensorDims = 1;

    /// <summary>TensorProto.data_type.</summary>
    public const int TensorType = 2;

    /// <summary>TensorProto.float_data.</summary>
    public const int TensorSingles = 4;

    /// <summary>TensorProto.name.</summary>
    public const int TensorName = 8;

    /// <summary>TensorProto.raw_data.</summary>
    public const int TensorRawData = 9;

    /// <summary>TensorProto.data_location; 0 where the data is in the tensor.</summary>
    public const int TensorLocation = 14;

    /// <summary>ValueInfoProto.name.</summary>
    public const int ValueName = 1;

    /// <summary>ValueInfoProto.type.</summary>
    public const int ValueType = 2;

    /// <summary>TypeProto.tensor_type.</summary>
    public const int TypeTensor = 1;

    /// <summary>TypeProto.Tensor.elem_type.</summary>
    public const int TensorTypeElement = 1;

    /// <summary>TypeProto.Tensor.shape.</summary>
    public const int TensorTypeShape = 2;

    /// <summary>TensorShapeProto.dim.</summary>
    public const int ShapeDimension = 1;

    /// <summary>TensorShapeProto.Dimension.dim_value.</summary>
    public const int DimensionValue = 1;

    /// <summary>TensorShapeProto.Dimension.dim_param.</summary>
    public const int DimensionName = 2;
}

/// <summary>The types of a tensor's elements, by TensorProto.DataType.</summary>
internal enum OnnxType
{
    /// <summary>Single precision.</summary>
    Single = 1,

    /// <summary>A byte without sign.</summary>
    Byte = 2,

    /// <summary>A whole number of eight bytes.</summary>
    Int64 = 7,

    /// <summary>Half precision.</summary>
    Half = 10,

    /// <summary>A whole number of four bytes, without sign.</summary>
    UInt32 = 12,
}
