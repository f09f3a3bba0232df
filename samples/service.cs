// A web service that names the class of an uploaded picture.
//
//     dotnet run -c Release service.cs -- --model model.zip --urls http://127.0.0.1:5080
//     curl --data-binary @photo.jpg http://127.0.0.1:5080/classify        or as a form: curl -F photo=@photo.jpg …
//     curl http://127.0.0.1:5080/health
//
// The model is one that photos.cs or the samples program has saved: trained from the paths of files, asked here with uploaded bytes.
//
// Outside of this repository, change the first two "#:" lines: "#:package NullaProp.ML@*-*" and "#:package libtorch-cpu-linux-x64@2.10.0"
// (or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64). A service needs no libtorch, unless the network is your own: leave the second
// out, and it is 500 MB smaller. PublishAot is off for ML.NET, which makes code at run time.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false

using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML;
using SkiaSharp;

const int mostBytes = 10_000_000;
const int mostWaiting = 64; // Uploads in memory that wait for a processor: with the limit above no more than 640 MB.

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(server =>
{
    server.Limits.MaxRequestBodySize = mostBytes;
    server.Limits.MaxConcurrentConnections = 2 * mostWaiting; // An upload that is still on its way has memory, too.
});
builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(30) });
builder.Services.AddProblemDetails();
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning); // not ten lines a request
var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseRequestTimeouts();

var modelPath = app.Configuration["model"] ?? "model.zip";
if (!File.Exists(modelPath))
{
    Console.Error.WriteLine($"There is no model '{modelPath}': save one with photos.cs, and name it with --model.");
    return 1;
}

Classifier classifier;
try
{
    classifier = new Classifier(modelPath);
}
catch (Exception fault) when (fault is IOException or FormatException or InvalidDataException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}

using var processors = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
{
    PermitLimit = Environment.ProcessorCount,
    QueueLimit = mostWaiting,
    QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
});

app.MapGet("/health", () => new { Status = "ready", classifier.Classes, Megabytes = Environment.WorkingSet / 1_000_000 });
app.MapPost("/classify", async (HttpRequest request, CancellationToken cancellationToken) =>
{
    using var upload = new MemoryStream();
    try
    {
        // Not HasFormContentType: curl says of a bare file that it is a form, of the other kind, which holds no files.
        var isForm = request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;
        var form = isForm ? await request.ReadFormAsync(cancellationToken) : null;
        if (form is { Files.Count: not 1 })
        {
            return Results.Problem(
                $"The form holds {form.Files.Count} files, but must hold one.", statusCode: StatusCodes.Status400BadRequest);
        }

        await (form?.Files[0].OpenReadStream() ?? request.Body).CopyToAsync(upload, cancellationToken);
    }
    catch (BadHttpRequestException exception)
    {
        return Results.Problem(
            exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The upload is too large: it may have {mostBytes:N0} bytes."
                : exception.Message,
            statusCode: exception.StatusCode);
    }
    catch (Exception exception) when (exception is IOException or InvalidDataException)
    {
        return Results.Problem($"The form cannot be read: {exception.Message}", statusCode: StatusCodes.Status400BadRequest);
    }

    // Waiting costs the caller time and us the upload; decoding on more threads than processors would cost everyone memory.
    using var turn = await processors.AcquireAsync(permitCount: 1, cancellationToken);
    if (!turn.IsAcquired)
    {
        return Results.Problem(
            "Too many pictures are waiting. Try again in a moment.", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    var (classes, fault) = classifier.Classify(upload.ToArray());
    return fault is null ? Results.Ok(classes) : Results.Problem(fault, statusCode: StatusCodes.Status400BadRequest);
});
app.Run();
return 0;

internal sealed record ClassScore(string Name, float Score);

/// <summary>A model behind a pool of engines: an engine serves one caller at a time, and two at once would get wrong answers.</summary>
internal sealed class Classifier
{
    private const long MostPixels = 25_000_000; // 100 MB decoded, 200 where it is to be turned; what a phone takes has 12 to 24 million.

    private readonly NoPropModel _model;
    private readonly ObjectPool<PredictionEngine<Upload, Prediction>> _engines;

    public Classifier(string modelPath)
    {
        NoPropModelFile.Check(modelPath); // What is wrong with the model shows at the start, not with the first request.
        var mlContext = new MLContext();
        var model = mlContext.Model.Load(modelPath, out _);
        if (!model.Steps().OfType<ImageFileLoadingTransformer>().Any())
            throw new InvalidDataException($"The model '{modelPath}' has no step LoadImageFiles: it is not for pictures.");
        _model = model.GetNoPropTransformer().Model;
        _engines = new DefaultObjectPool<PredictionEngine<Upload, Prediction>>(
            new Engines(mlContext, model), maximumRetained: Environment.ProcessorCount);

        // .NET compiles what the first answer runs, some seconds: before the service says that it is ready.
        using var blank = new SKBitmap(8, 8);
        using var picture = blank.Encode(SKEncodedImageFormat.Png, quality: 100);
        _ = Classify(picture.ToArray());
    }

    /// <summary>Gets the names of the classes.</summary>
    public IReadOnlyList<string> Classes => _model.ClassNames;

    /// <summary>Returns the classes of a picture, the most likely first, or what is wrong with the upload.</summary>
    public (IReadOnlyList<ClassScore> Classes, string? Fault) Classify(byte[] upload)
    {
        // The head of the file says how large the picture is: 30,000 × 30,000 white pixels fit into a small upload.
        using (var codec = SKCodec.Create(new MemoryStream(upload)))
        {
            if (codec is not null && (long)codec.Info.Width * codec.Info.Height > MostPixels)
                return ([], $"The picture has {codec.Info.Width} × {codec.Info.Height} pixels, but may have {MostPixels:N0} in all.");
        }

        try
        {
            var engine = _engines.Get();
            var prediction = engine.Predict(new Upload { Contents = upload });
            _engines.Return(engine); // Not after an exception: then it is dropped.
            return ([.. _model.Classes(prediction.Score).Select(one => new ClassScore(one.Name, one.Score))], null);
        }
        catch (InvalidOperationException) when (ImageFile.Fault(new MemoryStream(upload)) is { } fault)
        {
            return ([], fault);
        }
    }

    private sealed class Engines(MLContext mlContext, ITransformer model) : PooledObjectPolicy<PredictionEngine<Upload, Prediction>>
    {
        // The model belongs to all engines, none of which may dispose of it.
        public override PredictionEngine<Upload, Prediction> Create() => mlContext.Model.CreatePredictionEngine<Upload, Prediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false });

        public override bool Return(PredictionEngine<Upload, Prediction> obj) => true;
    }

    private sealed class Upload
    {
        [ColumnName("ImagePath")] // The file itself in the place of its path, from which the model was trained.
        public byte[] Contents { get; init; } = [];
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }
}
