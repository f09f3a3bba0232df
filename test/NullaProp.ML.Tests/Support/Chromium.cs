using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NullaProp.ML.Tests.Support;

/// <summary>A page in a headless Chromium, spoken to by the browser's own protocol (DevTools), which needs no package.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    private readonly TempFolder _profile = new();
    private readonly ClientWebSocket _socket = new();
    private readonly Process _process;
    private int _messages;

    private Chromium(string program)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[]
        {
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
            $"--user-data-dir={_profile.Path}", "about:blank",
        })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _ = _process.StandardOutput.ReadToEndAsync(); // a full pipe would stop it
    }

    /// <summary>Opens a page; where there is no Chromium, the test that asks is inconclusive.</summary>
    /// <param name="address">The page.</param>
    /// <param name="width">The width of the window, in pixels of CSS.</param>
    public static async Task<Chromium> Open(string address, int width)
    {
        var program = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
        if (program is null)
            Assert.Inconclusive($"There is no browser: none of {string.Join(", ", Names)} is on the PATH.");

        var browser = new Chromium(program);
        try
        {
            await browser.Connect();
            await browser.Send(
                "Emulation.setDeviceMetricsOverride",
                new() { ["width"] = width, ["height"] = 800, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
            await browser.Send("Page.navigate", new() { ["url"] = address });
            await browser.Evaluate("new Promise(done => { const look = () => "
                + "document.readyState === 'complete' && location.href !== 'about:blank' ? done(true) : setTimeout(look, 20); look(); })");
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the value of a script's expression, that of a promise once it is there.</summary>
    public async Task<JsonNode?> Evaluate(string script)
    {
        var answer = await Send("Runtime.evaluate", new() { ["expression"] = script, ["awaitPromise"] = true, ["returnByValue"] = true });
        return answer["exceptionDetails"] is { } fault ? throw new AssertFailedException($"{script}: {fault}") : answer["result"]!["value"];
    }

    /// <summary>Chooses a file in a form's field, as a person does.</summary>
    public async Task ChooseFile(string selector, string path)
    {
        var document = await Send("DOM.getDocument", new());
        var root = document["root"]!["nodeId"]!.DeepClone();
        var field = await Send("DOM.querySelector", new() { ["nodeId"] = root, ["selector"] = selector });
        await Send("DOM.setFileInputFiles", new() { ["nodeId"] = field["nodeId"]!.DeepClone(), ["files"] = new JsonArray(path) });
    }

    /// <summary>Saves what the window shows as PNG.</summary>
    public async Task SaveScreenshot(string path)
    {
        var picture = await Send("Page.captureScreenshot", new() { ["captureBeyondViewport"] = true });
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)picture["data"]!));
    }

    public async ValueTask DisposeAsync()
    {
        // Asked to, it ends its own processes first, and then nobody writes to the profile any more.
        if (_socket.State == WebSocketState.Open)
            await Send("Browser.close", new());
        else
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _socket.Dispose();
        _process.Dispose();
        _profile.Dispose();
    }

    private async Task Connect()
    {
        const string listening = "DevTools listening on ";
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(listening, StringComparison.Ordinal))
                continue;
            _ = _process.StandardError.ReadToEndAsync();
            var browser = new Uri(line[listening.Length..]);
            using var client = new HttpClient();
            var pages = await client.GetFromJsonAsync<JsonArray>(new Uri($"http://{browser.Authority}/json/list"));
            var page = pages!.First(candidate => (string?)candidate!["type"] == "page");
            await _socket.ConnectAsync(new Uri((string)page!["webSocketDebuggerUrl"]!), CancellationToken.None);
            return;
        }

        throw new AssertFailedException("The browser ended before it listened.");
    }

    private async Task<JsonNode> Send(string method, JsonObject parameters)
    {
        var id = ++_messages;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        while (true)
        {
            var answer = await Receive();
            if ((int?)answer["id"] == id)
                return answer["result"] ?? throw new AssertFailedException($"{method}: {answer["error"]}");
        }
    }

    private async Task<JsonNode> Receive()
    {
        using var message = new MemoryStream();
        var buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, CancellationToken.None);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(message.ToArray())!;
    }
}
