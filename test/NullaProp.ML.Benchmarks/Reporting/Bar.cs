using System.Globalization;

namespace NullaProp.ML.Benchmarks.Reporting;

/// <summary>What a figure is held to: a number, and on which side of it the figure has to lie.</summary>
internal sealed record Bar
{
    private readonly double _limit;
    private readonly bool _isMost;

    private Bar(double limit, bool isMost) => (_limit, _isMost) = (limit, isMost);

    /// <summary>Returns the bar of a figure that is the better the larger it is.</summary>
    public static Bar AtLeast(double limit) => new(limit, isMost: false);

    /// <summary>Returns the bar of a figure that is the better the smaller it is.</summary>
    public static Bar AtMost(double limit) => new(limit, isMost: true);

    /// <summary>Returns whether a value is on the right side; one that is no number is on none.</summary>
    public bool Holds(double value) => _isMost ? value <= _limit : value >= _limit;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(_isMost ? '≤' : '≥')} {_limit}");
}
