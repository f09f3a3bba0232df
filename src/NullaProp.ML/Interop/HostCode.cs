using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Interop;

/// <summary>
/// While it lives, code of the host program runs in the middle of a training: a listener, a logger. The tensors that it makes stay its
/// own, and the mode of gradients that it leaves behind ends with it.
/// </summary>
internal sealed class HostCode : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _mode = set_grad_enabled(is_grad_enabled()); // comes back when it is disposed of

    /// <inheritdoc/>
    public void Dispose()
    {
        _mode.Dispose();
        _scope.Detach(_scope.DisposablesView);
        _scope.Dispose();
    }
}

/// <summary>A listener of the host program, called in the middle of a training.</summary>
/// <param name="listener">The listener.</param>
internal sealed class HostProgress(IProgress<NoPropProgress> listener) : IProgress<NoPropProgress>
{
    /// <summary>Returns a listener that is called so; <see langword="null"/> where there is none.</summary>
    /// <param name="listener">The listener.</param>
    public static HostProgress? Of(IProgress<NoPropProgress>? listener) => listener is null ? null : new(listener);

    /// <inheritdoc/>
    public void Report(NoPropProgress value)
    {
        using var host = new HostCode();
        listener.Report(value);
    }
}
