using System.Text;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Writes while there is someone to read, and then into nothing: a training must not be lost because a terminal was closed or a pipe ended.
/// </summary>
internal sealed class LastingWriter(TextWriter writer) : TextWriter
{
    private TextWriter _writer = writer;

    /// <summary>Gets why nothing more could be written, where that is not because nobody reads any longer.</summary>
    public Exception? Fault { get; private set; }

    public override Encoding Encoding => _writer.Encoding;

    /// <summary>Returns a writer that outlives the stream behind another one, which may be closed already.</summary>
    public static LastingWriter Of(Func<TextWriter> open)
    {
        try
        {
            return new LastingWriter(open());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new LastingWriter(Null) { Fault = fault };
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
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException) // .NET itself passes over a pipe that ended
        {
            (_writer, Fault) = (Null, fault);
        }
    }
}
