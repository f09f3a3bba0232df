using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Architecture;

/// <summary>
/// What the library uses of ML.NET's internals, by name: a future ML.NET that moves one of them fails here, and names it.
/// </summary>
[TestClass]
public sealed class MLNetInternalsTests
{
    // As written by MLNetReferences.Describe.
    private static readonly string[] Used =
    [
        "Microsoft.ML.Data.AnnotationUtils",
        "Microsoft.ML.Data.AnnotationUtils :: Microsoft.ML.Data.KeyDataViewType get_ScoreColumnSetIdType()",
        "Microsoft.ML.Data.AnnotationUtils :: System.Collections.Generic.IEnumerable`1[Microsoft.ML.SchemaShape+Column] "
            + "AnnotationsForMulticlassScoreColumn(System.Nullable`1[Microsoft.ML.SchemaShape+Column])",
        "Microsoft.ML.Data.AnnotationUtils :: System.Collections.Generic.IEnumerable`1[Microsoft.ML.SchemaShape+Column] "
            + "GetTrainerOutputAnnotation(System.Boolean)",
        "Microsoft.ML.Data.AnnotationUtils :: System.UInt32 GetMaxAnnotationKind(Microsoft.ML.DataViewSchema, System.Int32&, "
            + "System.String, System.Func`3[Microsoft.ML.DataViewSchema,System.Int32,System.Boolean])",
        "Microsoft.ML.Data.CacheDataView",
        "Microsoft.ML.Data.CatalogUtils",
        "Microsoft.ML.Data.CatalogUtils :: Microsoft.ML.Runtime.IHostEnvironment GetEnvironment(Microsoft.ML.Data.IInternalCatalog)",
        "Microsoft.ML.Data.DataViewConstructionUtils",
        "Microsoft.ML.Data.DataViewConstructionUtils :: Microsoft.ML.IDataView CreateFromList(Microsoft.ML.Runtime.IHostEnvironment, "
            + "System.Collections.Generic.IList`1[TRow], Microsoft.ML.Data.SchemaDefinition)",
        "Microsoft.ML.Data.EmptyDataView",
        "Microsoft.ML.Data.EmptyDataView :: .ctor(Microsoft.ML.Runtime.IHostEnvironment, Microsoft.ML.DataViewSchema)",
        "Microsoft.ML.Data.IDataTransform",
        "Microsoft.ML.Data.IDataTransform :: Microsoft.ML.IDataView get_Source()",
        "Microsoft.ML.Data.IInternalCatalog",
        "Microsoft.ML.Data.ILegacyDataLoader",
        "Microsoft.ML.Data.OneToOneTransformerBase :: System.ValueTuple`2[System.String,System.String][] ColumnPairs",
        "Microsoft.ML.Data.IRowMapper",
        "Microsoft.ML.Data.IRowMapper :: Microsoft.ML.DataViewSchema+DetachedColumn[] GetOutputColumns()",
        "Microsoft.ML.Data.IRowMapper :: Microsoft.ML.ITransformer GetTransformer()",
        "Microsoft.ML.Data.IRowMapper :: System.Delegate[] CreateGetters(Microsoft.ML.DataViewRow, "
            + "System.Func`2[System.Int32,System.Boolean], System.Action&)",
        "Microsoft.ML.Data.IRowMapper :: System.Func`2[System.Int32,System.Boolean] "
            + "GetDependencies(System.Func`2[System.Int32,System.Boolean])",
        "Microsoft.ML.Data.ITransformerChainAccessor",
        "Microsoft.ML.Data.ITransformerChainAccessor :: Microsoft.ML.Data.TransformerScope[] get_Scopes()",
        "Microsoft.ML.Data.ITransformerChainAccessor :: Microsoft.ML.ITransformer[] get_Transformers()",
        "Microsoft.ML.Data.RowToRowMapperTransform",
        "Microsoft.ML.Data.RowToRowMapperTransform :: .ctor(Microsoft.ML.Runtime.IHostEnvironment, Microsoft.ML.IDataView, "
            + "Microsoft.ML.Data.IRowMapper, System.Func`2[Microsoft.ML.DataViewSchema,Microsoft.ML.Data.IRowMapper])",
        "Microsoft.ML.ISingleFeaturePredictionTransformer",
        "Microsoft.ML.LoadableClassAttribute",
        "Microsoft.ML.LoadableClassAttribute :: .ctor(System.Type, System.Type, System.Type, System.String, System.String[])",
        "Microsoft.ML.Model.OnnxConverter.ICanSaveOnnx",
        "Microsoft.ML.Model.OnnxConverter.ICanSaveOnnx :: System.Boolean CanSaveOnnx(Microsoft.ML.Model.OnnxConverter.OnnxContext)",
        "Microsoft.ML.Model.OnnxConverter.ISaveAsOnnx",
        "Microsoft.ML.Model.OnnxConverter.ISaveAsOnnx :: System.Void SaveAsOnnx(Microsoft.ML.Model.OnnxConverter.OnnxContext)",
        "Microsoft.ML.Model.OnnxConverter.ITransformCanSaveOnnx",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: Microsoft.ML.Model.OnnxConverter.OnnxNode CreateNode(System.String, "
            + "System.Collections.Generic.IEnumerable`1[System.String], System.Collections.Generic.IEnumerable`1[System.String], "
                + "System.String, System.String)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.Boolean ContainsColumn(System.String)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String AddInitializer(System.Single, System.String, System.Boolean)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String "
            + "AddInitializer(System.Collections.Generic.IEnumerable`1[System.Int64], "
                + "System.Collections.Generic.IEnumerable`1[System.Int64], System.String, System.Boolean)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String "
            + "AddInitializer(System.Collections.Generic.IEnumerable`1[System.Single], "
                + "System.Collections.Generic.IEnumerable`1[System.Int64], System.String, System.Boolean)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String AddIntermediateVariable(Microsoft.ML.Data.DataViewType, "
            + "System.String, System.Boolean)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String GetNodeName(System.String)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.String GetVariableName(System.String)",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext :: System.Void CheckOpSetVersion(System.Int32, System.String)",
        "Microsoft.ML.Model.OnnxConverter.OnnxNode",
        "Microsoft.ML.Model.OnnxConverter.OnnxNode :: System.Void AddAttribute(System.String, "
            + "System.Collections.Generic.IEnumerable`1[System.Int64])",
        "Microsoft.ML.Model.OnnxConverter.OnnxNode :: System.Void AddAttribute(System.String, System.Int64)",
        "Microsoft.ML.ModelHeader",
        "Microsoft.ML.ModelHeader :: System.Int64 CbModel",
        "Microsoft.ML.ModelHeader :: System.String GetLoaderSig(Microsoft.ML.ModelHeader&)",
        "Microsoft.ML.ModelHeader :: System.UInt32 ModelVerWritten",
        "Microsoft.ML.ModelHeader :: System.UInt64 ModelSignature",
        "Microsoft.ML.ModelLoadContext",
        "Microsoft.ML.ModelLoadContext :: .ctor(Microsoft.ML.RepositoryReader, Microsoft.ML.Repository+Entry, System.String)",
        "Microsoft.ML.ModelLoadContext :: Microsoft.ML.ModelHeader Header",
        "Microsoft.ML.ModelLoadContext :: Microsoft.ML.RepositoryReader Repository",
        "Microsoft.ML.ModelLoadContext :: System.String Directory",
        "Microsoft.ML.ModelLoadContext :: System.Boolean TryLoadBinaryStream(System.String, System.Action`1[System.IO.BinaryReader])",
        "Microsoft.ML.ModelLoadContext :: System.IO.BinaryReader Reader",
        "Microsoft.ML.ModelLoadContext :: System.Void CheckAtModel(Microsoft.ML.VersionInfo)",
        "Microsoft.ML.ModelSaveContext :: System.IO.BinaryWriter Writer",
        "Microsoft.ML.ModelSaveContext :: System.Void CheckAtModel()",
        "Microsoft.ML.ModelSaveContext :: System.Void SaveBinaryStream(System.String, System.Action`1[System.IO.BinaryWriter])",
        "Microsoft.ML.ModelSaveContext :: System.Void SetVersionInfo(Microsoft.ML.VersionInfo)",
        "Microsoft.ML.Repository",
        "Microsoft.ML.Repository+Entry",
        "Microsoft.ML.RepositoryReader",
        "Microsoft.ML.RepositoryReader :: Microsoft.ML.Repository+Entry OpenEntry(System.String, System.String)",
        "Microsoft.ML.RepositoryReader :: Microsoft.ML.RepositoryReader Open(System.IO.Stream, Microsoft.ML.Runtime.IExceptionContext, "
            + "System.Boolean)",
        "Microsoft.ML.Runtime.Contracts",
        "Microsoft.ML.Runtime.Contracts :: System.Exception ExceptSchemaMismatch(System.String, System.String, System.String, "
            + "System.String, System.String)",
        "Microsoft.ML.Runtime.Contracts :: System.Void CheckAlive(Microsoft.ML.Runtime.IHostEnvironment)",
        "Microsoft.ML.Runtime.Contracts :: TException Process(TException, Microsoft.ML.Runtime.IExceptionContext)",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal :: System.Boolean get_FallbackToCpu()",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal :: System.Nullable`1[System.Int32] get_GpuDeviceId()",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal :: System.Nullable`1[System.Int32] get_Seed()",
        "Microsoft.ML.SchemaShape :: Microsoft.ML.SchemaShape Create(Microsoft.ML.DataViewSchema)",
        "Microsoft.ML.SchemaShape :: System.Boolean TryFindColumn(System.String, Microsoft.ML.SchemaShape+Column&)",
        "Microsoft.ML.SchemaShape+Column :: .ctor(System.String, Microsoft.ML.SchemaShape+Column+VectorKind, "
            + "Microsoft.ML.Data.DataViewType, System.Boolean, Microsoft.ML.SchemaShape)",
        "Microsoft.ML.SchemaShape+Column :: System.String GetTypeString()",
        "Microsoft.ML.SignatureLoadModel",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator :: System.Void "
            + "GetOrder(Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColorsOrder, "
                + "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColorBits, "
                + "System.Int32&, System.Int32&, System.Int32&, System.Int32&)",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions :: "
            + "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColorBits ColorsToExtract",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions :: "
            + "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColorsOrder OrderOfExtraction",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions :: System.Single OffsetImage",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions :: System.Single ScaleImage",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions :: System.String Name",
        "Microsoft.ML.Transforms.Image.ImagePixelExtractingTransformer :: "
            + "System.Collections.Generic.IReadOnlyCollection`1[Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator+ColumnOptions] "
                + "get_Columns()",
        "Microsoft.ML.Transforms.Image.ImageResizingEstimator+ColumnOptions",
        "Microsoft.ML.Transforms.Image.ImageResizingEstimator+ColumnOptions :: "
            + "Microsoft.ML.Transforms.Image.ImageResizingEstimator+Anchor Anchor",
        "Microsoft.ML.Transforms.Image.ImageResizingEstimator+ColumnOptions :: "
            + "Microsoft.ML.Transforms.Image.ImageResizingEstimator+ResizingKind Resizing",
        "Microsoft.ML.Transforms.Image.ImageResizingEstimator+ColumnOptions :: System.String Name",
        "Microsoft.ML.Transforms.Image.ImageResizingTransformer :: "
            + "System.Collections.Generic.IReadOnlyCollection`1[Microsoft.ML.Transforms.Image.ImageResizingEstimator+ColumnOptions] "
                + "get_Columns()",
        "Microsoft.ML.VersionInfo",
        "Microsoft.ML.VersionInfo :: .ctor(System.String, System.UInt32, System.UInt32, System.UInt32, System.String, System.String, "
            + "System.String)",
        "Microsoft.ML.VersionInfo :: System.UInt64 ModelSignature",
    ];

    public static IEnumerable<object[]> All => Used.Select(description => new object[] { description });

    [TestMethod]
    [DynamicData(nameof(All))]
    public void MLNet_InternalThatIsUsed_IsThereWithItsSignature(string description)
    {
        Assert.AreEqual(description, MLNetReferences.Describe(MLNetReferences.Find(description)));
    }

    [TestMethod]
    public void MLNet_InternalsInTheCompiledLibrary_AreThoseListedHere()
    {
        var found = MLNetReferences.Internals();

        Assert.IsEmpty(found.Except(Used), $"Not listed: {string.Join("; ", found.Except(Used))}");
        Assert.IsEmpty(Used.Except(found), $"Not used any more: {string.Join("; ", Used.Except(found))}");
    }

    // The compiler copies constants, so a changed one would go unseen.
    [TestMethod]
    [DataRow("Kinds", "KeyValues", AnnotationKinds.KeyValues)]
    [DataRow("Kinds", "SlotNames", AnnotationKinds.SlotNames)]
    [DataRow("Kinds", "TrainingLabelValues", AnnotationKinds.TrainingLabelValues)]
    [DataRow("Kinds", "ScoreColumnSetId", "ScoreColumnSetId")]
    [DataRow("Kinds", "ScoreColumnKind", "ScoreColumnKind")]
    [DataRow("Kinds", "ScoreValueKind", "ScoreValueKind")]
    [DataRow("Const+ScoreColumnKind", "MulticlassClassification", "MulticlassClassification")]
    [DataRow("Const+ScoreValueKind", "Score", "Score")]
    [DataRow("Const+ScoreValueKind", "PredictedLabel", "PredictedLabel")]
    public void MLNet_ConstantThatIsUsed_HasTheValueCompiledIn(string type, string name, string value)
    {
        var constant =
            ((Type)MLNetReferences.Find("Microsoft.ML.Data.AnnotationUtils")).Assembly.GetType(
                $"Microsoft.ML.Data.AnnotationUtils+{type}")?.GetField(name);

        Assert.AreEqual(value, constant?.GetRawConstantValue());
    }
}
