using System.Text;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Writes while there is someone to read, and then into nothing: a training must not be lost because a terminal was closed or a pipe ended.
/// </summary>
internal sealed class LastingWriter(TextWriter writer) : TextWriter
{
    private TextWriter _writer = writer;

    public override Encoding Encoding => _writer.Encoding;

    /// <summary>Returns a writer that outlives the stream behind another one, which may be closed already.</summary>
    public static TextWriter Of(Func<TextWriter> open)
    {
        try
        {
            return new LastingWriter(open());
        }
        catch (IOException)
        {
            return Null;
        }
    }

    public override void Write(char value) => Try(() => _writer.Write(value));

    public override void Write(string? value) => Try(() => _writer.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => _writer.Write(buffer, index, count));

    public override void Flush() => Try(_writer.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            _writer = Null;
        }
    }
}
