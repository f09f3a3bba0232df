using System.Runtime.CompilerServices;

// ML.NET's door for saving and loading models is internal, and so is what its transforms do to an image. The runtime honours this
// attribute and lets us through; the compiler is satisfied by build/MLNetInternals.targets.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.ImageAnalytics")]

namespace System.Runtime.CompilerServices;

/// <summary>Tells the runtime that this assembly may use the internals of the named one. The runtime knows it by its name.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>The simple name of the assembly whose internals are used.</summary>
    public string AssemblyName { get; } = assemblyName;
}
