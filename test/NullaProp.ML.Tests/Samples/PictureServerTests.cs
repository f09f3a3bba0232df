using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Serving;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using SkiaSharp;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The page of <c>serve</c>, over HTTP and in a real browser.</summary>
[TestClass]
public sealed class PictureServerTests
{
    private const string Answered = "new Promise(done => { const look = () => { const said = document.getElementById('sentence'); "
        + "said.textContent.startsWith('Most likely') || said.classList.contains('wrong') ? done(said.textContent) : setTimeout(look, 20); "
        + "}; look(); })";

    private static readonly TempFolder Folder = new();
    private static string _modelPath = "";
    private static ImagePredictor _predictor = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        PictureFolder.Write(Folder.File("pictures"));
        var mlContext = new MLContext(seed: 1);
        var images = mlContext.Data.LoadImageFolder(Folder.File("pictures"));
        var pixels = new ImagePixels { Side = 16, Colors = PixelColors.Rgb };
        var options = new NoPropOptions { Epochs = 8, BatchSize = 8, LearningRate = 0.01, HiddenSize = 16, Seed = 1 };
        using var classifier = new ImageClassifierTraining(mlContext, pixels, options, NullLogger.Instance)
            .Run(images, images, new TrainingProgress("test", showsLines: true), CancellationToken.None);
        _modelPath = Folder.File("model.zip");
        mlContext.Model.Save(classifier.Chain, classifier.InputSchema, _modelPath);
        _predictor = ImagePredictor.Load(_modelPath);
    }

    [ClassCleanup]
    public static void Cleanup()
    {
        _predictor.Dispose();
        Folder.Dispose();
    }

    [TestMethod]
    [DataRow("cat")]
    [DataRow("owl")]
    public async Task Classify_Picture_GivesWhatPredictGives(string name)
    {
        using var asker = ImagePredictor.Load(_modelPath);
        var expected = asker.Predict(Picture(name));
        await using var server = await Start();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        using var response = await client.PostAsync("/classify", new ByteArrayContent(File.ReadAllBytes(Picture(name))));
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync());
        var classes = await response.Content.ReadFromJsonAsync<ClassProbability[]>();

        Assert.AreEqual(name, classes![0].ClassName);
        CollectionAssert.AreEqual(expected.ToArray(), classes);
    }

    [TestMethod]
    public async Task Classify_WrongUploads_AreAnsweredWithASentence()
    {
        await using var server = await Start(new ServingLimits { MostBytes = 100_000, MostPixels = 1_000_000 });
        var picture = File.ReadAllBytes(Picture("cat"));

        await AssertWrong(server, Encoding.ASCII.GetBytes("no picture"), 400, "The data cannot be read");
        await AssertWrong(server, [], 400, "The data cannot be read");
        await AssertWrong(server, picture[..40], 400, "The data cannot be read");
        await AssertWrong(server, Blank(side: 1_001), 400, "1,001 × 1,001 pixels, but may have 1,000,000");
        await AssertWrong(server, new byte[100_001], 413, "larger than 100,000 bytes");
        using var form = new MultipartFormDataContent { { new ByteArrayContent(picture), "photo", "photo.jpg" } };
        await AssertWrong(server, form, 415, "This is a form, but must be the bytes of a picture alone");
    }

    [TestMethod]
    public async Task Classify_UploadThatNeverEnds_IsAnsweredInTime()
    {
        await using var server = await Start(new ServingLimits { MostTime = TimeSpan.FromMilliseconds(200) });
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(new Uri(server.Address).Authority));
        var stream = client.GetStream();
        await stream.WriteAsync("POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nand no more"u8.ToArray());
        using var reader = new StreamReader(stream);

        var status = await reader.ReadLineAsync();
        string? sentence;
        do
            sentence = await reader.ReadLineAsync();
        while (sentence?.Contains("sentence", StringComparison.Ordinal) == false);

        Assert.AreEqual("HTTP/1.1 408 Request Timeout", status);
        StringAssert.Contains(sentence, "longer than 0.2 seconds");
    }

    [TestMethod]
    public async Task Page_Text_NamesNoOtherServer()
    {
        await using var server = await Start();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        using var response = await client.GetAsync("/");
        var page = await response.Content.ReadAsStringAsync();

        StringAssert.DoesNotMatch(page, new Regex("https?:|src=|href=|@import|url\\("));
        StringAssert.Contains(response.Headers.GetValues("Content-Security-Policy").Single(), "default-src 'none'");
    }

    // A page of another site may name this machine as it likes: the browser then sends that name.
    [TestMethod]
    public async Task Request_ByAnotherName_IsRefused()
    {
        await using var server = await Start();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        client.DefaultRequestHeaders.Host = "evil.example";

        using var response = await client.GetAsync("/model");

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
    }

    // A browser lets each page send bytes to this machine.
    [TestMethod]
    [DataRow("Sec-Fetch-Site", "cross-site", false)]
    [DataRow("Sec-Fetch-Site", "same-site", false)]
    [DataRow("Sec-Fetch-Site", "same-origin", true)]
    [DataRow("Sec-Fetch-Site", "none", true)]
    [DataRow("Sec-Fetch-Site", "same-origin", true, "https://photos.example")] // behind a server that changes the host
    [DataRow("Origin", "https://evil.example", false)]
    [DataRow("Origin", "http://127.0.0.1:1", false)]
    [DataRow("Origin", "null", false)]
    [DataRow("Origin", "", true)]
    public async Task Classify_FromAPageOfAnotherSite_IsRefused(string header, string value, bool isOwn, string? origin = null)
    {
        await using var server = await Start();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        client.DefaultRequestHeaders.Add(header, value.Length > 0 ? value : server.Address.TrimEnd('/'));
        if (origin is not null)
            client.DefaultRequestHeaders.Add("Origin", origin);

        using var response = await client.PostAsync("/classify", new ByteArrayContent(File.ReadAllBytes(Picture("cat"))));
        var answer = await response.Content.ReadAsStringAsync();

        Assert.AreEqual(isOwn ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode, answer);
        Assert.AreEqual(isOwn, !answer.Contains("A page of another site sent this picture", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task Start_OtherAddressOfThisMachine_AnswersByIt()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("Only Linux has all of 127.0.0.0/8.");
        await using var server = await PictureServer.Start(
            _predictor, "model.zip", new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0), new ServingLimits());
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        using var response = await client.GetAsync("/model");

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
    }

    [TestMethod]
    public async Task Start_PortOfAnotherServer_SaysSo()
    {
        await using var first = await Start();
        var taken = IPEndPoint.Parse(new Uri(first.Address).Authority);

        var mistake = await Assert.ThrowsExactlyAsync<UserMistakeException>(
            () => PictureServer.Start(_predictor, "model.zip", taken, new ServingLimits()));

        StringAssert.StartsWith(mistake.Message, $"Nobody can listen on {taken}:");
        StringAssert.EndsWith(mistake.Message, "Choose another port with --port, or another address of this machine with --address.");
    }

    [TestMethod]
    public void Serve_AskedToEnd_EndsWithoutAnError()
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("Windows has no signal to send to another process.");
        var program = Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "serve", _modelPath, "--port", "0"])
        {
            RedirectStandardOutput = true,
        })!;
        using var limit = TimeLimit.On(process);
        var line = process.StandardOutput.ReadLine();

        // As Ctrl+C, but for programs in the background, too, which a shell lets ignore that.
        using (var ending = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            ending.WaitForExit();
        process.WaitForExit();

        StringAssert.StartsWith(line, "Open http://127.0.0.1:");
        Assert.AreEqual(0, process.ExitCode);
    }

    [TestMethod]
    [DataRow(1200)]
    [DataRow(360)]
    public async Task Browser_PictureChosen_ShowsTheClassesAsBars(int width)
    {
        await using var server = await Start();
        await using var browser = await Chromium.Open(server.Address, width);

        await browser.ChooseFile("#file", Picture("dog"));
        var sentence = (string?)await browser.Evaluate(Answered);
        var names = (string?)await browser.Evaluate(
            "[...document.querySelectorAll('li .name span:first-child')].map(name => name.textContent).sort().join()");
        var bars = (double?)await browser.Evaluate(
            "[...document.querySelectorAll('.bar')].reduce((sum, bar) => sum + bar.offsetWidth / bar.parentNode.offsetWidth, 0)");
        var tooWide = (int?)await browser.Evaluate("document.documentElement.scrollWidth - innerWidth");
        var screenshot = Path.Combine(TestContext.TestRunDirectory ?? Folder.Path, $"serve-{width}.png");
        await browser.SaveScreenshot(screenshot);
        TestContext.AddResultFile(screenshot);

        StringAssert.StartsWith(sentence, "Most likely dog, ");
        Assert.AreEqual("cat,dog,owl", names);
        Assert.AreEqual(1, bars!.Value, 0.02);
        Assert.IsLessThanOrEqualTo(0, tooWide!.Value);
    }

    [TestMethod]
    public async Task Browser_PictureDropped_ShowsItsClass()
    {
        await using var server = await Start();
        await using var browser = await Chromium.Open(server.Address, width: 800);
        var bytes = Convert.ToBase64String(File.ReadAllBytes(Picture("owl")));

        await browser.Evaluate(
            $"const files = new DataTransfer(); const bytes = Uint8Array.from(atob('{bytes}'), c => c.charCodeAt(0)); "
            + "files.items.add(new File([bytes], 'owl.png')); "
            + "const dropped = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }); "
            + "document.getElementById('drop').dispatchEvent(dropped); 1");

        StringAssert.StartsWith((string?)await browser.Evaluate(Answered), "Most likely owl, ");
    }

    [TestMethod]
    public async Task Browser_WrongFiles_ShowsASentence()
    {
        await using var server = await Start(new ServingLimits { MostBytes = 1_000 });
        await using var browser = await Chromium.Open(server.Address, width: 800);
        var (text, large) = (Folder.File("text.png"), Folder.File("large.png"));
        File.WriteAllText(text, "no picture");
        File.WriteAllBytes(large, new byte[1_001]);

        await browser.ChooseFile("#file", text);
        var first = (string?)await browser.Evaluate(Answered);
        await browser.ChooseFile("#file", large);
        await browser.Evaluate("new Promise(done => setTimeout(done, 0))");
        var second = (string?)await browser.Evaluate(Answered);

        StringAssert.StartsWith(first, "The data cannot be read");
        StringAssert.Contains(second, "larger than 1,000 bytes");
    }

    private static string Picture(string name) => Folder.File(Path.Combine("pictures", name, "3.png"));

    private static Task<PictureServer> Start(ServingLimits? limits = null) =>
        PictureServer.Start(_predictor, "model.zip", new IPEndPoint(IPAddress.Loopback, 0), limits ?? new ServingLimits());

    private static Task AssertWrong(PictureServer server, byte[] upload, int statusCode, string sentence) =>
        AssertWrong(server, new ByteArrayContent(upload), statusCode, sentence);

    private static async Task AssertWrong(PictureServer server, HttpContent upload, int statusCode, string sentence)
    {
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        using var response = await client.PostAsync("/classify", upload);
        var answer = await response.Content.ReadFromJsonAsync<Fault>();

        Assert.AreEqual(statusCode, (int)response.StatusCode, answer!.Sentence);
        StringAssert.Contains(answer.Sentence, sentence);
    }

    private static byte[] Blank(int side)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(side, side, SKColorType.Gray8));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    private sealed record Fault(string Sentence);
}
