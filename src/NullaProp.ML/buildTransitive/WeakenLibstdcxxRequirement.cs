using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies shared libraries for Linux and marks their requirement of GLIBCXX_3.4.32 as weak in the copy, where the only symbol
/// behind it is one that GCC 13's headers mention and nothing calls. A weak version that is missing is no error to the loader.
/// </summary>
public class WeakenLibstdcxxRequirement : Task
{
    /// <summary>The libraries; the metadata 'Weakened' of each says where its copy goes.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; }

    public override bool Execute()
    {
        foreach (ITaskItem library in Libraries)
        {
            string copy = library.GetMetadata("Weakened");
            try
            {
                byte[] image = File.ReadAllBytes(library.GetMetadata("FullPath"));
                bool changed = new ElfImage(image).WeakenRequirement("libstdc++.so.6", "GLIBCXX_3.4.32", "_ZSt21ios_base_library_initv");
                Write(image, copy);
                Log.LogMessage(
                    MessageImportance.Low,
                    "'{0}' {1}.",
                    copy,
                    changed ? "no longer insists on GLIBCXX_3.4.32" : "is an unchanged copy");
            }
            catch (Exception exception)
                when (exception is IOException || exception is UnauthorizedAccessException || exception is InvalidDataException)
            {
                Log.LogError(
                    "'{0}' could not be prepared for Linux systems without GLIBCXX_3.4.32: {1} Set the property "
                        + "NullaPropLoadsOnOlderLinux to false to use it as it is.",
                    library.ItemSpec, exception.Message);
            }
        }
        return !Log.HasLoggedErrors;
    }

    /// <summary>Writes a new file: the old one may be a hard link into somebody else's folder.</summary>
    private static void Write(byte[] image, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path));
        string draft = path + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(draft, image);
        File.Delete(path);
        File.Move(draft, path);
    }

    /// <summary>The parts of a 64-bit little-endian ELF file that say which symbol versions it requires.</summary>
    private sealed class ElfImage
    {
        private const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
        private const uint SymbolVersions = 0x6fffffff; // SHT_GNU_versym
        private const int WeakFlag = 0x2; // VER_FLG_WEAK
        private const int SectionHeaderSize = 64;
        private const int SymbolSize = 24;

        private readonly byte[] _image;
        private readonly List<Section> _sections = new List<Section>();

        public ElfImage(byte[] image)
        {
            _image = image;
            if (image.Length < 64 || UInt32At(0) != 0x464c457f) // 0x7f 'E' 'L' 'F'
                throw new InvalidDataException("It is not an ELF file.");
            if (image[4] != 2 || image[5] != 1)
                throw new InvalidDataException("It is not a 64-bit little-endian ELF file.");

            long table = OffsetAt(0x28);
            int entrySize = UInt16At(0x3a);
            int count = UInt16At(0x3c);
            if (count > 0 && entrySize != SectionHeaderSize)
                throw new InvalidDataException("Its section headers have " + entrySize + " bytes, not " + SectionHeaderSize + ".");
            for (int index = 0; index < count; index++)
                _sections.Add(SectionAt(table + (long)index * SectionHeaderSize));
        }

        /// <summary>Marks one required version as weak; false where it is not required, already weak, or needed by other symbols.</summary>
        public bool WeakenRequirement(string file, string version, string onlySymbol)
        {
            bool changed = false;
            foreach (Section needs in _sections.Where(section => section.Type == VersionNeeds))
            {
                foreach (long requirement in Requirements(needs, file, version))
                {
                    int flags = UInt16At(requirement + 4);
                    int versionIndex = UInt16At(requirement + 6);
                    if ((flags & WeakFlag) != 0 || SymbolsOf(versionIndex).Any(symbol => symbol != onlySymbol))
                        continue;
                    _image[requirement + 4] = (byte)(flags | WeakFlag);
                    changed = true;
                }
            }
            return changed;
        }

        /// <summary>The offsets of the Elf64_Vernaux entries for a version of a file.</summary>
        private IEnumerable<long> Requirements(Section needs, string file, string version)
        {
            Section names = Linked(needs);
            long need = needs.Offset;
            for (uint remainingNeeds = needs.Info; remainingNeeds > 0; remainingNeeds--)
            {
                int entries = UInt16At(need + 2);
                bool isFile = NameAt(names, UInt32At(need + 4)) == file;
                long entry = need + UInt32At(need + 8);
                for (; entries > 0; entries--)
                {
                    if (isFile && NameAt(names, UInt32At(entry + 8)) == version)
                        yield return entry;
                    entry += UInt32At(entry + 12);
                }
                need += UInt32At(need + 12);
            }
        }

        /// <summary>The names of the dynamic symbols that carry a version.</summary>
        private IEnumerable<string> SymbolsOf(int versionIndex)
        {
            foreach (Section versions in _sections.Where(section => section.Type == SymbolVersions))
            {
                Section symbols = Linked(versions);
                Section names = Linked(symbols);
                for (long symbol = 0; symbol < versions.Size / 2; symbol++)
                {
                    if ((UInt16At(versions.Offset + symbol * 2) & 0x7fff) == versionIndex)
                        yield return NameAt(names, UInt32At(symbols.Offset + symbol * SymbolSize));
                }
            }
        }

        private Section SectionAt(long header)
        {
            return new Section
            {
                Type = UInt32At(header + 4),
                Offset = OffsetAt(header + 0x18),
                Size = OffsetAt(header + 0x20),
                Link = UInt32At(header + 0x28),
                Info = UInt32At(header + 0x2c),
            };
        }

        private Section Linked(Section section)
        {
            if (section.Link >= _sections.Count)
                throw new InvalidDataException("A section points to section "
                    + section.Link
                    + ", but there are only "
                    + _sections.Count
                    + ".");
            return _sections[(int)section.Link];
        }

        private string NameAt(Section names, uint offset)
        {
            long start = names.Offset + offset;
            long end = start;
            Require(start, 1);
            while (end < _image.Length && _image[end] != 0)
                end++;
            return Encoding.ASCII.GetString(_image, (int)start, (int)(end - start));
        }

        private int UInt16At(long offset)
        {
            Require(offset, 2);
            return BitConverter.ToUInt16(_image, (int)offset);
        }

        private uint UInt32At(long offset)
        {
            Require(offset, 4);
            return BitConverter.ToUInt32(_image, (int)offset);
        }

        private long OffsetAt(long offset)
        {
            Require(offset, 8);
            ulong value = BitConverter.ToUInt64(_image, (int)offset);
            if (value > int.MaxValue)
                throw new InvalidDataException("It names a position beyond its end: " + value + ".");
            return (long)value;
        }

        private void Require(long offset, int size)
        {
            if (offset < 0 || offset + size > _image.Length)
                throw new InvalidDataException("It is cut short: position " + offset + " lies beyond its " + _image.Length + " bytes.");
        }

        private struct Section
        {
            public uint Type;
            public long Offset;
            public long Size;
            public uint Link;
            public uint Info;
        }
    }
}
