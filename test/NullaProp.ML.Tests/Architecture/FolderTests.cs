using System.Text.RegularExpressions;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Architecture;

/// <summary>
/// Which folder of the library may use which. A researcher can read Diffusion, Networks, Plan, Variants and Training knowing no ML.NET; an
/// ML.NET developer the root, ClassNames, Reading, TrainingImages and Scoring knowing no diffusion. The root may use everything; options,
/// ImageShape and EpochMetrics are values that every folder may use.
/// </summary>
[TestClass]
public sealed class FolderTests
{
    // What each folder may use beside its own types.
    private static readonly Dictionary<string, string[]> Uses = new()
    {
        ["Options"] = [],
        ["Tensors"] = [],
        ["Randomness"] = [],
        ["Diffusion"] = ["Tensors"],
        ["Networks"] = ["Diffusion", "Randomness", "Tensors"], // the model holds its noise schedule
        ["Plan"] = ["Diffusion", "Networks", "Randomness", "Tensors"], // knows no backend
        ["Backends"] = ["Networks", "Plan", "Randomness", "Tensors"],
        ["Variants"] = ["Diffusion", "Networks", "Plan", "Randomness", "Tensors", "Training", "TrainingImages"],
        ["Onnx"] = ["ClassNames", "Interop", "Networks", "Plan", "Reading", "Storage", "Tensors"],
        ["Training"] = ["Backends", "Diffusion", "Networks", "Plan", "Randomness", "Scoring", "Tensors", "TrainingImages"],
        ["ClassNames"] = ["Interop"],
        ["Reading"] = ["ClassNames", "Interop", "Randomness"],
        ["TrainingImages"] = ["Interop", "Randomness", "Reading"],
        ["Scoring"] = ["ClassNames", "Interop", "Reading"],
        ["Storage"] = ["ClassNames", "Networks", "Plan", "Randomness", "Tensors", "Training"], // models, and trainings under way
        ["ImageFiles"] = [], // knows no ML.NET
        ["Interop"] = [],
    };

    // Where a folder may use another, but only some of its types.
    private static readonly Dictionary<(string From, string To), string[]> OnlyTypes = new()
    {
        [("Training", "Scoring")] = ["ScoringBatch"],
        [("Training", "TrainingImages")] = ["IImages", "ImageBatch", "ImageStore", "ITrainingImages"],
        [("Scoring", "ClassNames")] = ["ClassValues"],
        [("Scoring", "Reading")] = ["FaultyRow", "FeatureFormat", "InputColumns", "PixelRange", "RowReader"],
        [("Storage", "ClassNames")] = ["ClassValues"],
        [("Storage", "Plan")] = ["PlanCompiler", "PriorDraws"],
        [("Onnx", "ClassNames")] = ["ClassValues"],
        [("Onnx", "Reading")] = ["PixelLayout"],
        [("Onnx", "Interop")] = ["ConvertedGraph", "ImageSteps"],
        [("Onnx", "Storage")] = ["ModelDescription", "ModelFile", "StoredModel", "WholeFile"],
        [("Storage", "Training")] = ["ITrainingStates", "TrainingPlace", "TrainingState"],
        [("Training", "Backends")] = ["TorchRunner"],
    };

    // What a user of ML.NET sees; the folders below do not know it, but for the class that ML.NET is told to load.
    private static readonly string[] Surface =
    [
        "ImageFolder",
        "ModelSummary",
        "NoPropBlocks",
        "NoPropCatalog",
        "NoPropDiagnostics",
        "NoPropModel",
        "NoPropScorer",
        "NoPropTrainer",
        "NoPropTransformer",
    ];

    private static readonly string[] KnowMLNet = ["", "ClassNames", "Reading", "TrainingImages", "Scoring", "Interop"];
    private static readonly string[] TorchInTrainingImages = ["ImageBatch", "ImageStore", "ImageStream", "ITrainingImages"];

    public static IEnumerable<object[]> Folders => Uses.Keys.Select(folder => new object[] { folder });

    [TestMethod]
    public void Library_Folders_AreTheOnesInTheTable()
    {
        var folders = SourceFile.All.Select(file => file.Folder).Where(folder => folder.Length > 0).Distinct();

        CollectionAssert.AreEquivalent(Uses.Keys.ToArray(), folders.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Folder_OtherFolders_AreUsedAsTheTableSays(string folder)
    {
        var others = Uses.Keys.Except([folder, "Options", .. Uses[folder]]);

        // By a using line, or spelled out: 'Interop.UserFault' as well as 'NullaProp.ML.Interop.UserFault'.
        AssertNone(Files(folder).SelectMany(file => others
            .Where(other => IsUsing(file, $"NullaProp.ML.{other}")
                || Regex.IsMatch(file.Code, $@"((?<![\w.])|NullaProp\.ML\.){other}\.[A-Z]"))
            .Select(other => $"{file.Path} uses {other}")));
    }

    [TestMethod]
    public void Folder_UseOfSomeTypesOnly_IsKept()
    {
        CollectionAssert.IsSubsetOf(
            new[] { "SamplingPlan", "BatchPace", "RowScores", "IBatchScorer", "FeatureWriter" },
            Files("Scoring").Concat(Files("Plan")).Concat(Files("TrainingImages")).SelectMany(file => file.Types).ToArray(),
            "types are found, also those of a file that bears another's name");
        AssertNone(OnlyTypes.SelectMany(rule => Files(rule.Key.From).SelectMany(file => Files(rule.Key.To)
            .SelectMany(owner => owner.Types)
            .Where(type => !rule.Value.Contains(type) && file.Mentions(type))
            .Select(type => $"{file.Path} uses {rule.Key.To}.{type}"))));
    }

    [TestMethod]
    public void Folder_TypesThatUsersSee_AreKnownToTheRootAlone()
    {
        AssertNone(SourceFile.All.Where(file => file.Folder.Length > 0).SelectMany(file => Surface
            .Where(type => file.Mentions(type) && (file.Path, type) != ("Interop/ModelStreams.cs", "NoPropTransformer"))
            .Select(type => $"{file.Path} uses {type}")));
    }

    [TestMethod]
    public void MicrosoftML_Namespaces_AreUsedWhereMLNetIsKnownAlone()
    {
        AssertNone(SourceFile.All
            .Where(file => !KnowMLNet.Contains(file.Folder))
            .Where(file => IsUsing(file, "Microsoft.ML") || file.Code.Contains("Microsoft.ML.", StringComparison.Ordinal))
            .Select(file => $"{file.Path} uses Microsoft.ML"));
    }

    [TestMethod]
    public void MicrosoftMLRuntime_Namespace_IsUsedByInteropTrainerAndTransformersAlone()
    {
        AssertNone(SourceFile.All
            .Where(file => IsUsing(file, "Microsoft.ML.Runtime")
                && file.Folder != "Interop"
                && file.Path is not ("NoPropTrainer.cs" or "NoPropTransformer.cs" or "ImageFileLoadingTransformer.cs"))
            .Select(file => $"{file.Path} uses Microsoft.ML.Runtime"));
    }

    // MLNetInternalsTests lists what is internal to ML.NET; what has to stand on the loadable class itself cannot be in Interop.
    [TestMethod]
    public void MLNetInternals_Types_AreNamedByInteropAndTheLoadableClassesAlone()
    {
        string[] internals = [.. MLNetReferences
            .Internals()
            .Where(name => !name.Contains(' '))
            .Select(name => name.Split('.', '+')[^1].Replace("Attribute", "", StringComparison.Ordinal))];
        string[] onLoadableClass = ["LoadableClass", "SignatureLoadModel", "ModelLoadContext", "ISingleFeaturePredictionTransformer"];

        Assert.IsNotEmpty(internals);
        AssertNone(SourceFile.All.Where(file => file.Folder != "Interop").SelectMany(file => internals
            .Where(type => file.Mentions(type)
                && !(file.Path is "NoPropTransformer.cs" or "ImageFileLoadingTransformer.cs" && onLoadableClass.Contains(type)))
            .Select(type => $"{file.Path} uses {type}")));
    }

    [TestMethod]
    public void TorchSharp_OutsideOfTheMathematics_IsUsedWhereImagesBecomeTensors()
    {
        AssertNone(SourceFile.All
            .Where(file => file.Folder is "Options" or "ClassNames" or "Reading" or "Scoring" or "TrainingImages")
            .Where(file => !(file.Folder == "TrainingImages" && TorchInTrainingImages.Contains(file.Name)))
            .Where(file => IsUsing(file, "TorchSharp"))
            .Select(file => $"{file.Path} uses TorchSharp"));
    }

    // Neither backend knows the other; both use Layers. A single row needs no libtorch but for image networks that say nothing of their
    // layers.
    [TestMethod]
    public void Backends_Each_KnowsNoOther()
    {
        AssertNone(In("Managed").Concat(In("Layers"))
            .Where(file => file.Name != "LibtorchImageNetwork")
            .Where(file => IsUsing(file, "TorchSharp") || IsUsing(file, "NullaProp.ML.Backends.Torch"))
            .Select(file => $"{file.Path} uses libtorch"));
        AssertNone(In("Torch").Concat(In("Layers"))
            .Where(file => IsUsing(file, "NullaProp.ML.Backends.Managed"))
            .Select(file => $"{file.Path} uses the managed backend"));

        static IEnumerable<SourceFile> In(string folder) =>
            Files("Backends").Where(file => file.Path.StartsWith($"Backends/{folder}/", StringComparison.Ordinal));
    }

    [TestMethod]
    public void Lines_OfAllCode_FitOnAScreen() => AssertNone(AllCode()
        .Where(file => file.Lines.Any(line => line.Length > 140))
        .Select(file => $"{file.Path} has a line of more than 140 columns"));

    [TestMethod]
    public void Files_OfAllCode_AreShort() => AssertNone(AllCode()
        .Where(file => file.Lines.Length > 300)
        .Select(file => $"{file.Path} has more than 300 lines"));

    // A file is one concept, and no drawer for odds and ends.
    [TestMethod]
    public void File_Name_IsThatOfAConcept() => AssertNone(SourceFile.All
        .Where(file => Regex.IsMatch(file.Name, "Util|Helper|Common|Manager|^Base"))
        .Select(file => $"{file.Path} is named after no concept"));

    // 'matmul' of wrong shapes ends the process; 'manual_seed' belongs to the user.
    [TestMethod]
    [DataRow("matmul(")]
    [DataRow("manual_seed(")]
    [DataRow("GC.Collect(")]
    public void Code_HarmfulCalls_DoNotOccur(string call)
    {
        AssertNone(SourceFile.All
            .Where(file => file.Code.Contains(call, StringComparison.Ordinal))
            .Select(file => $"{file.Path} calls {call})"));
    }

    // Else the host program's defaults decide: after torch.set_default_dtype(float64) a batch of pixels would have twice its bytes.
    [TestMethod]
    public void Code_EveryNewTensor_StatesTypeAndDevice()
    {
        const string creation =
            @"(?<![\w.])(?:torch\.)?(?:zeros|ones|empty|full|tensor|as_tensor|from_array|eye|"
            + @"rand|randn|randint|randperm|arange|linspace|logspace)\("
            + @"(?<given>(?>[^()]+|(?<open>\()|(?<-open>\)))*(?(open)(?!)))\)";
        var creations = SourceFile.All
            .SelectMany(file => Regex
                .Matches(file.Code, creation)
                .Select(made => (file.Path, made.Value, Given: made.Groups["given"].Value)))
            .ToList();

        Assert.IsGreaterThan(20, creations.Count);
        AssertNone(creations
            .Where(made => !made.Given.Contains("dtype:", StringComparison.Ordinal)
                || !made.Given.Contains("device:", StringComparison.Ordinal))
            .Select(made => $"{made.Path} does not say type or device of {made.Value}"));
    }

    [TestMethod]
    public void Namespace_OfEveryFile_IsThatOfItsFolder()
    {
        // Options and variants are values that users see; the catalog extends ML.NET's own namespace; the attribute of access checks has
        // the name that the runtime knows.
        AssertNone(SourceFile.All
            .Where(file => file.Path is not ("NoPropCatalog.cs" or "Interop/AccessChecks.cs"))
            .Where(file => !Namespaces(file).Any(name => file.Code.Contains($"namespace {name};", StringComparison.Ordinal)))
            .Select(file => $"{file.Path} is not in namespace {Namespaces(file)[0]}"));
    }

    private static string[] Namespaces(SourceFile file) => file.Folder switch
    {
        "Options" => ["NullaProp.ML"],
        "Variants" => ["NullaProp.ML.Variants", "NullaProp.ML"], // what a variant does, and the record that a user chooses it by
        _ => [NamespaceOf(file)],
    };

    // Backends/Torch/TorchRows.cs: NullaProp.ML.Backends.Torch.
    private static string NamespaceOf(SourceFile file) => string.Join('.', ["NullaProp.ML", .. file.Path.Split('/')[..^1]]);

    private static IEnumerable<SourceFile> Files(string folder) => SourceFile.All.Where(file => file.Folder == folder);

    private static bool IsUsing(SourceFile file, string name) =>
        file.Usings.Any(used => used == name || used.StartsWith(name + ".", StringComparison.Ordinal));

    // Of the library, the programs, the tests and the samples.
    private static IEnumerable<(string Path, string[] Lines)> AllCode()
    {
        var root = Repository.PathOf();
        return new[] { "build", "samples", "src", "test" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(root, path))
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules"))
            .Select(path => (path, File.ReadAllLines(Path.Combine(root, path))));
    }

    private static void AssertNone(IEnumerable<string> faults)
    {
        var all = string.Join("; ", faults);
        if (all.Length > 0)
        {
            Assert.Fail($"The architecture is not kept: {all}.");
        }
    }
}
