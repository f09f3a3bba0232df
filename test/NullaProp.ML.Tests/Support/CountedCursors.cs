using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>Data that counts how many cursors are opened and closed.</summary>
/// <param name="data">The data.</param>
/// <param name="failing">The name of a column whose values cannot be read.</param>
/// <param name="rows">How many rows it says it has, as a file or a collection does; what the data says otherwise.</param>
internal sealed class CountedCursors(IDataView data, string? failing = null, long? rows = null) : IDataView
{
    public int Opened { get; private set; }

    public int Closed { get; private set; }

    public bool CanShuffle => false;

    public DataViewSchema Schema => data.Schema;

    public long? GetRowCount() => rows ?? data.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Opened++;
        return new Cursor(this, data.GetRowCursor(columnsNeeded, rand), failing);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(CountedCursors owner, DataViewRowCursor inner, string? failing) : DataViewRowCursor
    {
        private bool _isDisposed;

        public override long Position => inner.Position;

        public override long Batch => inner.Batch;

        public override DataViewSchema Schema => inner.Schema;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            column.Name == failing ? (ref TValue _) => throw new IOException("No value.") : inner.GetGetter<TValue>(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override bool MoveNext() => inner.MoveNext();

        protected override void Dispose(bool disposing)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                owner.Closed++;
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
