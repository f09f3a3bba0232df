using System;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mono.Cecil;

/// <summary>
/// Writes a copy of each assembly in which what was internal is public. Private members stay private, and so do
/// 'private protected' ones. The copies serve the compiler only.
/// </summary>
public class MakeInternalsPublic : Task
{
    /// <summary>The assemblies; the metadata 'PublicCopy' of each says where its copy goes.</summary>
    [Required]
    public ITaskItem[] Originals { get; set; }

    /// <summary>All assemblies the compiler is given: the originals refer to some of them.</summary>
    [Required]
    public ITaskItem[] References { get; set; }

    public override bool Execute()
    {
        foreach (ITaskItem original in Originals)
        {
            string copy = original.GetMetadata("PublicCopy");
            try
            {
                Write(original.GetMetadata("FullPath"), copy);
                Log.LogMessage(MessageImportance.Normal, "Made the internals of '{0}' public in '{1}'.", original.ItemSpec, copy);
            }
            catch (Exception exception)
                when (exception is IOException || exception is BadImageFormatException || exception is UnauthorizedAccessException
                    || exception is AssemblyResolutionException)
            {
                Log.LogError("The internals of '{0}' could not be made public in '{1}': {2}", original.ItemSpec, copy, exception.Message);
            }
        }
        return !Log.HasLoggedErrors;
    }

    private void Write(string original, string copy)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(copy));
        // Two projects may build at once: each writes its own file, and whose rename comes later leaves the other's, which is equal.
        string draft = copy + "." + Guid.NewGuid().ToString("N");
        using (DefaultAssemblyResolver resolver = new DefaultAssemblyResolver())
        {
            foreach (string folder in References.Select(reference => Path.GetDirectoryName(reference.GetMetadata("FullPath"))).Distinct())
                resolver.AddSearchDirectory(folder);
            AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(original, new ReaderParameters { AssemblyResolver = resolver });
            foreach (TypeDefinition type in assembly.MainModule.Types.Where(IsOwnType))
                Open(type);
            assembly.Write(draft);
        }
        try
        {
            File.Delete(copy);
            File.Move(draft, copy);
        }
        catch (IOException)
        {
            if (!File.Exists(copy))
                throw;
            File.Delete(draft);
        }
    }

    /// <summary>Polyfills of the base library and the compiler's own attributes would clash with the real ones.</summary>
    private static bool IsOwnType(TypeDefinition type)
    {
        return type.Namespace == "Microsoft.ML" || type.Namespace.StartsWith("Microsoft.ML.", StringComparison.Ordinal);
    }

    private static void Open(TypeDefinition type)
    {
        if (type.IsNotPublic)
            type.IsPublic = true;
        if (type.IsNestedAssembly || type.IsNestedFamilyOrAssembly)
            type.IsNestedPublic = true;
        foreach (MethodDefinition method in type.Methods.Where(method => method.IsAssembly || method.IsFamilyOrAssembly))
            method.IsPublic = true;
        foreach (FieldDefinition field in type.Fields.Where(field => field.IsAssembly || field.IsFamilyOrAssembly))
            field.IsPublic = true;
        foreach (TypeDefinition nested in type.NestedTypes)
            Open(nested);
    }
}
