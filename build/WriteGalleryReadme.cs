using System;
using System.IO;
using System.Text.RegularExpressions;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Writes a copy of a README whose links lead to a revision of a repository on GitHub. Where the repository is unknown, links become
/// their words, and pictures are left out.
/// </summary>
public class WriteGalleryReadme : Task
{
    private const string Relative = @"\((?!https?:|#)(?<path>[^)]+)\)";

    /// <summary>The README.</summary>
    [Required]
    public string Source { get; set; }

    /// <summary>Where the copy goes.</summary>
    [Required]
    public string Target { get; set; }

    /// <summary>The address of the repository; empty where there is none.</summary>
    public string Repository { get; set; }

    /// <summary>The commit.</summary>
    public string Revision { get; set; }

    public override bool Execute()
    {
        string text = File.ReadAllText(Source);
        Directory.CreateDirectory(Path.GetDirectoryName(Target));
        File.WriteAllText(Target, Links(Pictures(text)));
        return true;
    }

    private bool IsOnGitHub
    {
        get { return Repository != null && Repository.StartsWith("https://github.com/", StringComparison.Ordinal); }
    }

    // The gallery shows pictures of a few hosts alone.
    private string Pictures(string text)
    {
        string raw = IsOnGitHub ? Address().Replace("https://github.com/", "https://raw.githubusercontent.com/") : null;
        return Regex.Replace(text, @"!\[(?<words>[^\]]*)\]" + Relative + @"\n*", match => raw == null
            ? string.Empty
            : "![" + match.Groups["words"].Value + "](" + raw + "/" + Revision + "/" + match.Groups["path"].Value + ")\n\n");
    }

    private string Links(string text)
    {
        return Regex.Replace(text, @"(?<!!)\[(?<words>[^\]]*)\]" + Relative, match => IsOnGitHub
            ? "[" + match.Groups["words"].Value + "](" + Address() + "/blob/" + Revision + "/" + match.Groups["path"].Value + ")"
            : match.Groups["words"].Value);
    }

    private string Address()
    {
        return Repository.EndsWith(".git", StringComparison.Ordinal) ? Repository.Substring(0, Repository.Length - 4) : Repository;
    }
}
