using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Interop;

/// <summary>
/// A libtorch that is not there, or is there and does not load: the sentence has the loader's reason and the cure for it.
/// </summary>
[TestClass]
public sealed class TorchBackendTests
{
    private const string File = "/app/libLibTorchSharp.so";
    private const string Preamble =
        "Unable to load shared library or one of its dependencies. If you're using glibc, consider setting LD_DEBUG: \n";

    [TestMethod]
    public void Fault_LoadsWell_IsNone() =>
        Assert.IsNull(TorchBackend.Fault(new(() => null, () => throw new IOException(), _ => throw new IOException())));

    [TestMethod]
    public void Fault_NoFile_NamesThePackage()
    {
        var sentence = TorchBackend.Fault(new(() => new DllNotFoundException("not anywhere"), () => [], _ => null))!;

        Assert.StartsWith(
            "The native library of TorchSharp could not be loaded. Reference one backend package in the application: libtorch-cpu-",
            sentence);
        Assert.Contains("was not found (not anywhere)", sentence);
    }

    [TestMethod]
    [DataRow(
        "/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/libLibTorchSharp.so)",
        "older than the file asks for",
        "NullaProp.ML.targets")]
    [DataRow(
        "/app/libLibTorchSharp.so: wrong ELF class: ELFCLASS32",
        "made for another system or processor",
        "Reference one backend package")]
    [DataRow(
        "/app/libLibTorchSharp.so: cannot open shared object file: No such file or directory",
        "made for another system or processor",
        "Reference one")]
    [DataRow("/app/libLibTorchSharp.so: file too short", "The file is damaged", "Reference one backend package")]
    [DataRow(
        "incompatible architecture (have 'x86_64', need 'arm64')",
        "made for another system or processor",
        "Reference one backend package")]
    [DataRow(
        "libtorch_cpu.so: cannot open shared object file: No such file or directory",
        "Reference one backend package",
        "libtorch_cpu.so")]
    [DataRow(
        "libgomp-98b21ff3.so.1: cannot open shared object file: No such file or directory",
        "Reference one backend package",
        "libgomp-")]
    [DataRow(
        "libgomp.so.1: cannot open shared object file: No such file or directory",
        "needs a library that this system lacks",
        "package manager")]
    [DataRow("Unable to load DLL: The specified module could not be found. (0x8007007E)", "Reference one backend package", "0x8007007E")]
    public void Fault_FileThatDoesNotLoad_GivesReasonAndCure(string reason, string cure, string word)
    {
        var loader = new NativeLoader(
            () => new DllNotFoundException("somewhere"),
            () => [File],
            _ => new DllNotFoundException($"{Preamble}{reason}\n"));

        var sentence = TorchBackend.Fault(loader)!;

        Assert.Contains(cure, sentence);
        Assert.Contains(word, sentence);
        Assert.EndsWith($"The loader's reason: {File} does not load: {reason}.", sentence);
        Assert.DoesNotContain("LD_DEBUG", sentence);
    }

    [TestMethod]
    public void Fault_FileOfAnotherFormat_SaysSo()
    {
        var loader = new NativeLoader(
            () => new BadImageFormatException("x"),
            () => [File],
            _ => new BadImageFormatException("An attempt was made to load a program."));

        Assert.Contains("made for another system or processor", TorchBackend.Fault(loader)!);
    }

    [TestMethod]
    public void OfProcess_ThisProcess_FindsAndLoadsItsFile()
    {
        Assert.IsNull(NativeLoader.OfProcess.Load());
        Assert.IsNotEmpty(NativeLoader.OfProcess.Files());
    }
}
