using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NullaProp.ML.Samples.Training;
using SkiaSharp;

namespace NullaProp.ML.Samples.Serving;

/// <summary>A web page on which one drops a picture and sees its classes, and the requests that the page makes.</summary>
internal sealed class PictureServer : IAsyncDisposable
{
    private readonly ImagePredictor _predictor;
    private readonly ModelOnPage _model;
    private readonly ServingLimits _limits;
    private readonly SemaphoreSlim _turn = new(1); // The predictor serves one at a time.
    private readonly WebApplication _app;

    private PictureServer(ImagePredictor predictor, string modelName, IPEndPoint endPoint, ServingLimits limits)
    {
        (_predictor, _limits) = (predictor, limits);
        _model = new ModelOnPage(modelName, predictor.ClassNames, limits.MostBytes);

        // Empty: no settings of other programs in the current folder or the environment, and no log among the command's own lines.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.Listen(endPoint);
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = limits.MostBytes;
            server.Limits.MaxConcurrentConnections = limits.MostConnections;
        });
        builder.Services.AddRoutingCore().AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = limits.MostTime,
            TimeoutStatusCode = StatusCodes.Status408RequestTimeout,
            WriteTimeoutResponse = context => context.Response.WriteAsJsonAsync(new Fault(
                $"The answer took longer than {limits.MostTime.TotalSeconds:0.#} seconds. Try again, or with a smaller picture.")),
        });

        // Else a page of any site could reach this server through a name of its own for 127.0.0.1.
        builder.Services.Configure<HostFilteringOptions>(hosts =>
            hosts.AllowedHosts = IPAddress.IsLoopback(endPoint.Address)
                ? ["localhost", "127.0.0.1", "[::1]", $"{endPoint.Address}"]
                : ["*"]);
        _app = builder.Build();
        Map();
    }

    /// <summary>Gets where the page is.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>Starts to listen.</summary>
    /// <param name="predictor">Stays the caller's; nobody else uses it meanwhile.</param>
    /// <param name="modelName">What the page calls the model.</param>
    /// <param name="endPoint">Where to listen.</param>
    /// <param name="limits">What a request may cost.</param>
    /// <exception cref="UserMistakeException">The address or port cannot be had.</exception>
    public static async Task<PictureServer> Start(
        ImagePredictor predictor, string modelName, IPEndPoint endPoint, ServingLimits limits)
    {
        var server = new PictureServer(predictor, modelName, endPoint, limits);
        try
        {
            await server._app.StartAsync();
            return server;
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            await server.DisposeAsync();
            throw new UserMistakeException(
                $"Nobody can listen on {endPoint}: {exception.GetBaseException().Message}. "
                    + "Choose another port with --port, or another address of this machine with --address.", exception);
        }
    }

    /// <summary>Waits until it is asked to end, and ends then.</summary>
    public Task WaitForEnd(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _turn.Dispose();
    }

    private void Map()
    {
        // Only this page's own script and style run, and it talks to nobody but this server.
        var nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var page = ReadPage().Replace("{nonce}", nonce, StringComparison.Ordinal);
        var policy = $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src blob:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        _app.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        _app.UseHostFiltering();
        _app.UseRouting();
        _app.UseRequestTimeouts();
        _app.MapGet("/", () => Results.Content(page, "text/html; charset=utf-8"));
        _app.MapGet("/model", () => Results.Json(_model));
        _app.MapPost("/classify", Classify);
    }

    private async Task<IResult> Classify(HttpRequest request, CancellationToken cancellationToken)
    {
        if (IsOfOtherPage(request))
        {
            return Wrong(
                "A page of another site sent this picture, but only this server's own page may. Open that, or send the picture by a "
                + "program.",
                StatusCodes.Status403Forbidden);
        }

        if (request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
        {
            return Wrong(
                "This is a form, but must be the bytes of a picture alone, as curl --data-binary @photo.jpg sends them.",
                StatusCodes.Status415UnsupportedMediaType);
        }

        try
        {
            using var upload = new MemoryStream();
            await request.Body.CopyToAsync(upload, cancellationToken);
            upload.Position = 0;
            await _turn.WaitAsync(cancellationToken);
            try
            {
                CheckSize(upload);
                return Results.Json(_predictor.Predict(upload.ToArray()));
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (UserMistakeException mistake)
        {
            return Wrong(mistake.Message, StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Wrong($"The file is larger than {_limits.MostBytes:N0} bytes. Send a smaller one.", exception.StatusCode);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or BadHttpRequestException))
        {
            // ML.NET has no one type for a picture that a step of the model has no use for.
            var reason = exception.GetBaseException().Message;
            return Wrong($"The model could not say what is in the picture: {reason}", StatusCodes.Status500InternalServerError);
        }
    }

    // A browser lets each page send bytes here, though not read the answer: they would cost this machine its time. Programs say no origin.
    // What the browser says of the site holds also behind a server that changes the host; older ones say the origin alone.
    private static bool IsOfOtherPage(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site ? site != "same-origin" && site != "none"
        : request.Headers.Origin is { Count: > 0 } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == HostOf(request));

    // Without the port that browsers leave out.
    private static string HostOf(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var here) ? here.Authority : string.Empty;

    // The head of the file says how large the picture is: 30,000 × 30,000 white pixels fit into a small upload. What has no such head is
    // refused in the model's own words.
    private void CheckSize(MemoryStream upload)
    {
        using (var codec = SKCodec.Create(new SKManagedStream(upload)))
        {
            if (codec is not null && (long)codec.Info.Width * codec.Info.Height > _limits.MostPixels)
            {
                throw new UserMistakeException(
                    $"The picture has {codec.Info.Width:N0} × {codec.Info.Height:N0} pixels, but may have {_limits.MostPixels:N0} in all. "
                    + "Send a smaller one.");
            }
        }

        upload.Position = 0;
    }

    private static IResult Wrong(string sentence, int statusCode) => Results.Json(new Fault(sentence), statusCode: statusCode);

    private static string ReadPage()
    {
        using var reader = new StreamReader(typeof(PictureServer).Assembly.GetManifestResourceStream("page.html")!);
        return reader.ReadToEnd();
    }

    private sealed record ModelOnPage(string Name, IReadOnlyList<string> Classes, long MostBytes);

    private sealed record Fault(string Sentence);
}

/// <summary>What a request may cost.</summary>
internal sealed record ServingLimits
{
    /// <summary>Gets the most bytes of an upload.</summary>
    public long MostBytes { get; init; } = 10_000_000;

    /// <summary>Gets the most pixels of a picture: what a phone takes has 12 to 24 million; decoded, each takes four bytes.</summary>
    public long MostPixels { get; init; } = 25_000_000;

    /// <summary>Gets the longest time until an upload is read and decoding begins; that is bounded by the pixels.</summary>
    public TimeSpan MostTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the most browsers at once; an upload waits in memory for its turn.</summary>
    public int MostConnections { get; init; } = 32;
}
