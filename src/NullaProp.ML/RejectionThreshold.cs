using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML;

/// <summary>
/// The score below which a model had better answer "none of these". A classifier knows its classes alone: a photo of anything else gets one
/// of them, mostly with a low score.
/// </summary>
/// <param name="Score">The lowest score of the predicted class with which it is answered, 0 to 1.</param>
/// <param name="Precision">The share of right answers among those given, 0 to 1, on the rows that the threshold was chosen on.</param>
/// <param name="Coverage">The share of those rows that are answered, above 0 and at most 1.</param>
/// <param name="Rows">The number of those rows. On few rows precision and coverage are rough: others will have other ones.</param>
/// <example>
/// <code>
/// var threshold = RejectionThreshold.ForPrecision(model.Transform(validation), 0.95);
/// string? name = model.Model.ClassOrNone(prediction.Score, threshold.Score);
/// </code>
/// </example>
public sealed record RejectionThreshold(float Score, double Precision, double Coverage, int Rows)
{
    /// <summary>The most that a score can be: a sum of rounded numbers may end a little above 1.</summary>
    internal const float MostScore = 1.0001f;

    /// <summary>Chooses the threshold that answers the most rows of which the wanted share of answers is right.</summary>
    /// <param name="scored">
    /// What a model made of labelled rows that it was not trained on. A row without a label, such as <c>MapValueToKey</c> makes of a class
    /// that it does not know, shows none of the classes: whatever it is answered is wrong.
    /// </param>
    /// <param name="precision">The wanted share, above 0 and at most 1.</param>
    /// <param name="labelColumnName">The column of labels: a key.</param>
    /// <param name="scoreColumnName">The column of class probabilities.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The share is out of range, or a column is missing, of a wrong type, of predictions in place of labels, or of other classes or the
    /// same in another order.
    /// </exception>
    /// <exception cref="InvalidOperationException">There are no rows, a score is no probability, or no threshold has the share.</exception>
    public static RejectionThreshold ForPrecision(
        IDataView scored, double precision, string labelColumnName = "Label", string scoreColumnName = "Score")
    {
        ArgumentNullException.ThrowIfNull(scored);
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        return ForPrecision(Answers(scored, labelColumnName, scoreColumnName), precision);
    }

    /// <summary>Chooses the threshold that gives the most answers of which the wanted share is right.</summary>
    /// <param name="answers">For each row the score of the predicted class, and whether that class is right.</param>
    /// <param name="precision">The wanted share, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of range.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a score is no probability, or no threshold has the share.</exception>
    public static RejectionThreshold ForPrecision(IEnumerable<(float Score, bool IsRight)> answers, double precision)
    {
        ArgumentNullException.ThrowIfNull(answers);
        if (precision is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(precision), FormattableString.Invariant($"The precision is {precision}, but must be above 0 and at most 1."));
        }

        var rows = answers.OrderByDescending(row => row.Score).ToArray();
        if (rows.Length == 0)
        {
            throw new InvalidOperationException("There are no rows to choose a threshold on. Give labelled rows beside the training data.");
        }

        var odd = Array.FindIndex(rows, row => row.Score is not (>= 0 and <= MostScore)); // NaN, too
        if (odd >= 0)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"A score is {rows[odd].Score}, but a threshold is chosen on probabilities, from 0 to 1. Give the scores of a model."));
        }

        return Widest(rows, precision);
    }

    // Of the thresholds with the wanted precision the lowest; it need not rise with the threshold.
    private static RejectionThreshold Widest((float Score, bool IsRight)[] rows, double wanted)
    {
        var (right, highest, most) = (0, 0.0, 0);
        RejectionThreshold? widest = null;
        for (var given = 1; given <= rows.Length; given++)
        {
            right += rows[given - 1].IsRight ? 1 : 0;
            if (given < rows.Length && rows[given].Score == rows[given - 1].Score)
            {
                continue; // rows of one score are answered together or not at all
            }

            var precision = (double)right / given;
            (highest, most) = precision >= highest ? (precision, given) : (highest, most);
            if (precision >= wanted)
            {
                widest = new(Between(rows, given), precision, (double)given / rows.Length, rows.Length);
            }
        }

        return widest ?? throw new InvalidOperationException(FormattableString.Invariant(
            $"No threshold gives answers of which {100 * wanted:0.######} % are right: of these {rows.Length} rows the best has ")
            + FormattableString.Invariant(
                $"{100 * highest:0.##} %, by answering {most}. ")
            + "Ask for less, train on more rows, or look for labels that are wrong, missing, or unknown to MapValueToKey.");
    }

    // Halfway to the first row that is not answered, for a score may differ in its last digits from batch to batch. 0 where all are.
    private static float Between((float Score, bool IsRight)[] rows, int given)
    {
        if (given == rows.Length)
        {
            return 0;
        }

        var (lowest, next) = (rows[given - 1].Score, rows[given].Score);
        var between = next + ((lowest - next) / 2);
        return between > next ? between : lowest;
    }

    private static IEnumerable<(float Score, bool IsRight)> Answers(IDataView scored, string labelName, string scoreName)
    {
        var (label, classes) = InputColumns.Label(scored, labelName);
        if (AnnotationKinds.IsPrediction(label))
        {
            throw UserFault.Of(new ArgumentOutOfRangeException(
                paramName: null,
                $"Column '{labelName}' holds predictions, which would be compared with themselves. Name the column of labels."));
        }

        if (scored.Schema.GetColumnOrNull(scoreName) is not { } score)
        {
            throw UserFault.MissingColumn("score", scoreName, scored.Schema.Select(column => column.Name));
        }

        if (score.Type is not VectorDataViewType { ItemType.RawType: var item } vector || item != typeof(float) || vector.Size != classes)
        {
            throw UserFault.WrongType(
                "score", scoreName, $"Vector<Single, {classes}>, a score for each class of the labels", $"{score.Type}");
        }

        InputColumns.CheckNames(label, classes, ClassValues.OfScores(score, classes)?.Names ?? []);
        return Read(scored, label, score);
    }

    private static IEnumerable<(float Score, bool IsRight)> Read(
        IDataView scored, DataViewSchema.Column label, DataViewSchema.Column score)
    {
        using var cursor = scored.GetRowCursor([label, score]);
        var (labels, scores) = (cursor.GetGetter<uint>(label), cursor.GetGetter<VBuffer<float>>(score));
        var (key, row) = (0u, default(VBuffer<float>));
        while (cursor.MoveNext())
        {
            labels(ref key);
            scores(ref row);
            var values = row.DenseValues().ToArray();
            var best = Array.IndexOf(values, values.Max());
            yield return (values.Contains(float.NaN) ? float.NaN : values[best], key == best + 1);
        }
    }
}
