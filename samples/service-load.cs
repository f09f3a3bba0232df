// Asks a running service.cs for many pictures at once, and compares each answer with the model's own.
//
//     dotnet run -c Release service-load.cs -- MODEL.zip PICTURES http://127.0.0.1:5080 [--requests 2000] [--at-once 16]
//
// Ends with an error where an answer is wrong, a request fails, or, of 10,000 requests or more, the service's memory has grown by more
// than a tenth since the first quarter of them. Outside of this repository, change the first two "#:" lines as in service.cs.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:property PublishAot=false

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

const double allowedDifference = 1e-5; // of a probability
const double allowedGrowth = 0.1; // of the service's memory
const int settled = 10_000; // Requests: before, the heap still finds its size.

if (args is not [var modelPath, var folder, var address, ..])
{
    Console.Error.WriteLine(
        "Name a model, a folder of pictures and the service: "
        + "dotnet run service-load.cs -- MODEL.zip PICTURES http://127.0.0.1:5080 [--requests 2000] [--at-once 16]");
    return 1;
}

var (requests, atOnce) = (Number("--requests", 2_000), Number("--at-once", 16));
var pictures = Expected(modelPath, folder);
using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };

var (wrong, failed, done) = (0, 0, 0);
long early = 0;
var milliseconds = new double[requests];
var stopwatch = Stopwatch.StartNew();
await Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (index, token) =>
{
    var picture = pictures[index % pictures.Count];
    var start = Stopwatch.GetTimestamp();
    try
    {
        using var response = await client.PostAsync("/classify", new ByteArrayContent(picture.Bytes), token);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<ClassScore[]>(token) ?? [];
        if (answer.Length != picture.Expected.Count
            || answer.Any(got => Math.Abs(got.Score - picture.Expected[got.Name]) > allowedDifference))
            Interlocked.Increment(ref wrong);
    }
    catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
    {
        if (Interlocked.Increment(ref failed) == 1)
            Console.Error.WriteLine($"The first failure: {exception.Message}");
    }

    milliseconds[index] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    if (Interlocked.Increment(ref done) == requests / 4)
        early = await Megabytes();
});

var seconds = stopwatch.Elapsed.TotalSeconds;
var late = await Megabytes();
Array.Sort(milliseconds);
Console.WriteLine($"{requests:N0} requests, {atOnce} at once: {wrong} wrong, {failed} failed, {requests / seconds:N0} a second.");
Console.WriteLine($"Latency: p50 {Percentile(0.5):0.0} ms, p99 {Percentile(0.99):0.0} ms, longest {milliseconds[^1]:0.0} ms.");
Console.WriteLine($"Memory of the service: {early:N0} MB after {requests / 4:N0} requests, {late:N0} MB after {requests:N0}.");
var hasGrown = requests >= settled && late > early * (1 + allowedGrowth);
return wrong == 0 && failed == 0 && !hasGrown ? 0 : 1;

int Number(string option, int otherwise) =>
    Array.IndexOf(args, option) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

async Task<long> Megabytes() => (await client.GetFromJsonAsync<Health>("/health"))!.Megabytes;

double Percentile(double share) => milliseconds[(int)(share * (requests - 1))];

// One engine, one picture after another, read from its file: nothing of the service takes part.
static List<Picture> Expected(string modelPath, string folder)
{
    var mlContext = new MLContext();
    using var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(mlContext.Model.Load(modelPath, out _));
    VBuffer<ReadOnlyMemory<char>> names = default;
    engine.OutputSchema["Score"].GetSlotNames(ref names);
    return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(200).Select(path =>
    {
        var scores = engine.Predict(new Photo { ImagePath = path }).Score;
        return new Picture(
            File.ReadAllBytes(path),
            names.DenseValues().Zip(scores).ToDictionary(pair => pair.First.ToString(), pair => pair.Second));
    })];
}

internal sealed record Picture(byte[] Bytes, IReadOnlyDictionary<string, float> Expected);

internal sealed record ClassScore(string Name, float Score);

internal sealed record Health(long Megabytes);

internal sealed class Photo
{
    public string ImagePath { get; init; } = "";
}

internal sealed class Prediction
{
    public float[] Score { get; set; } = [];
}
