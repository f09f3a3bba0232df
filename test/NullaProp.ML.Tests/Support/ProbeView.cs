using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>
/// Data that counts how it is read, and can refuse to be: to be opened more often than some number of times, to give a getter, or a value.
/// </summary>
internal sealed class ProbeView(
    IDataView data,
    int mostOpenings = int.MaxValue,
    string? refusedColumn = null,
    bool hasIds = true,
    (string Column, Func<long, bool> Rows)? unreadable = null) : IDataView
{
    /// <summary>Gets the number of cursors that were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Gets the number of cursors that were disposed of.</summary>
    public int Disposed { get; private set; }

    /// <summary>Gets the number of rows that were asked for, the end not counted.</summary>
    public int Moved { get; private set; }

    /// <summary>Gets how often values were read, by column.</summary>
    public Dictionary<string, int> Reads { get; } = [];

    public bool CanShuffle => false;

    public DataViewSchema Schema => data.Schema;

    private string? RefusedColumn => refusedColumn;

    private bool HasIds => hasIds;

    private (string Column, Func<long, bool> Rows)? Unreadable => unreadable;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        Opened++ < mostOpenings
            ? new Cursor(this, data.GetRowCursor(columnsNeeded))
            : throw new InvalidOperationException("This data was opened before.");

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(ProbeView view, DataViewRowCursor rows) : DataViewRowCursor
    {
        private bool _isDisposed;

        public override DataViewSchema Schema => rows.Schema;

        public override long Position => rows.Position;

        public override long Batch => rows.Batch;

        public override bool MoveNext()
        {
            var isRow = rows.MoveNext();
            view.Moved += isRow ? 1 : 0;
            return isRow;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => rows.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => view.HasIds ? rows.GetIdGetter() : throw new NotSupportedException();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Name == view.RefusedColumn)
            {
                throw new InvalidOperationException($"No getter of '{column.Name}'.");
            }

            var getter = rows.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                view.Reads[column.Name] = view.Reads.GetValueOrDefault(column.Name) + 1;
                if (view.Unreadable is var (name, isUnreadable) && name == column.Name && isUnreadable(rows.Position))
                {
                    throw new FormatException("This value cannot be read.");
                }

                getter(ref value);
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_isDisposed)
            {
                _isDisposed = true;
                view.Disposed++;
                rows.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
