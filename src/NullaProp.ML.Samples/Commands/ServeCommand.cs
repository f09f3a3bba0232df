using System.CommandLine;
using System.Net;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Serving;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>serve MODEL.zip</c></summary>
internal static class ServeCommand
{
    private const int UsualPort = 8080;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL.zip") { Description = "A model that 'quickstart' or 'train' has saved." };
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on, 0 to 65535; 0: one that is free.",
            DefaultValueFactory = _ => UsualPort,
        };
        var address = new Option<string>("--address")
        {
            Description = "The address to listen on: 127.0.0.1 is reached from this machine alone, 0.0.0.0 from all networks it is in.",
            DefaultValueFactory = _ => IPAddress.Loopback.ToString(),
        };

        var command = new Command(
            "serve",
            "Opens a local web page on which one drops a picture and sees its classes. Ctrl+C ends it. "
            + "Exit codes: 0: ended; 1: something is wrong with the command line, the file or the port, as a sentence says.")
        {
            model, port, address,
        };
        command.SetBody((arguments, cancellationToken) => Serve(
            arguments.GetRequiredValue(model),
            EndPoint(arguments.GetRequiredValue(address), arguments.GetRequiredValue(port)),
            cancellationToken).GetAwaiter().GetResult());
        return command;
    }

    private static IPEndPoint EndPoint(string address, int port)
    {
        if (!IPAddress.TryParse(address, out var parsed))
            throw new UserMistakeException($"--address is '{address}', but must be the number of an address, such as 127.0.0.1 or ::1.");
        return port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? new IPEndPoint(parsed, port)
            : throw new UserMistakeException($"--port is {port}, but must be from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}.");
    }

    private static async Task<int> Serve(string modelPath, IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        using var predictor = ImagePredictor.Load(modelPath);
        await using var server = await PictureServer.Start(predictor, Path.GetFileName(modelPath), endPoint, new ServingLimits());
        Unwrapped.MarkupLine($"Open [bold]{server.Address}[/] in a browser. Ctrl+C ends it.");
        await server.WaitForEnd(cancellationToken);
        return 0;
    }
}
