namespace NullaProp.ML;

/// <summary>
/// Frees native memory when the last user leaves: a model may be disposed of while another thread still scores with it, or shared by
/// several transformers.
/// </summary>
/// <param name="release">Frees the memory; called once.</param>
internal sealed class UseCount(Action release)
{
    private int _users = 1;

    /// <summary>Adds a user.</summary>
    /// <returns>Whether the memory is still there; if not, the user was not added.</returns>
    public bool TryEnter()
    {
        var users = Volatile.Read(ref _users);
        while (users > 0)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Removes a user; the first one stands for the owner.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            release();
        }
    }
}
