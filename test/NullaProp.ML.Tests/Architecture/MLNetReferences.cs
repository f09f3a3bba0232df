using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace NullaProp.ML.Tests.Architecture;

/// <summary>What the compiled library refers to in ML.NET's assemblies, read from its metadata.</summary>
internal static class MLNetReferences
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Module Library = typeof(NoPropTrainer).Module;

    /// <summary>Returns the types and members that ML.NET keeps internal, as text: a member with its parameters and its type.</summary>
    public static ImmutableSortedSet<string> Internals() =>
    [
        .. Types().Where(IsInternal).Select(Name),
        .. Members().Where(IsInternal).Select(Describe),
    ];

    /// <summary>Returns a type or member of ML.NET by its description; throws where there is none.</summary>
    public static MemberInfo Find(string description)
    {
        var typeName = description.Split(" :: ")[0];
        var type =
            new[] { "Microsoft.ML.Core", "Microsoft.ML.Data", "Microsoft.ML.DataView", "Microsoft.ML.ImageAnalytics" }
                .Select(name => Assembly.Load(name).GetType(typeName))
                .FirstOrDefault(found => found is not null)
            ?? throw new MissingMemberException($"ML.NET has no type '{typeName}' any more.");
        return description == typeName
            ? type
            : type.GetMembers(Everything).FirstOrDefault(member => Describe(member) == description)
                ?? throw new MissingMemberException(
                    $"ML.NET has no member '{description}' any more. It has: "
                        + $"{string.Join("; ", type.GetMembers(Everything).Select(Describe))}");
    }

    /// <summary>Returns the type or member as text.</summary>
    public static string Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"{Name(constructor.DeclaringType!)} :: .ctor({Parameters(constructor)})",
        MethodInfo method => $"{Name(method.DeclaringType!)} :: {Name(method.ReturnType)} {method.Name}({Parameters(method)})",
        FieldInfo field => $"{Name(field.DeclaringType!)} :: {Name(field.FieldType)} {field.Name}",
        Type type => Name(type),
        _ => member.ToString()!,
    };

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)));

    private static string Name(Type type) => type.ToString();

    private static IEnumerable<Type> Types() =>
        Read(reader => reader.TypeReferences.Select(handle => Library.ResolveType(MetadataTokens.GetToken(handle))).ToList()).Where(
            type => IsMLNet(type.Assembly));

    // Resolving throws where ML.NET has moved or changed a member.
    private static IEnumerable<MemberInfo> Members() =>
        Read(reader => reader.MemberReferences
            .Where(handle => IsOfReferencedType(reader, handle))
            .Select(handle => Library.ResolveMember(MetadataTokens.GetToken(handle))!)
            .ToList())
            .Where(member => IsMLNet(member.Module.Assembly));

    private static bool IsOfReferencedType(MetadataReader reader, MemberReferenceHandle handle) =>
        reader.GetMemberReference(handle).Parent.Kind == HandleKind.TypeReference;

    private static T Read<T>(Func<MetadataReader, T> read)
    {
        using var file = new PEReader(File.OpenRead(Library.FullyQualifiedName));
        return read(file.GetMetadataReader());
    }

    private static bool IsMLNet(Assembly assembly) => assembly.GetName().Name!.StartsWith("Microsoft.ML", StringComparison.Ordinal);

    private static bool IsInternal(MemberInfo member) => member switch
    {
        Type type => !type.IsVisible,
        MethodBase method => !method.DeclaringType!.IsVisible || !(method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly),
        FieldInfo field => !field.DeclaringType!.IsVisible || !field.IsPublic,
        _ => false,
    };
}
