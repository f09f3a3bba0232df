using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NullaProp.ML.Samples.Commands;

/// <summary>The workers of a run, in the words of each scheduler.</summary>
/// <param name="Folder">The full path of the shared folder.</param>
/// <param name="Blocks">The number of blocks.</param>
/// <param name="Workers">The most workers at the same time.</param>
/// <param name="Threads">The threads of each.</param>
/// <param name="SlurmOptions">More options for Slurm's sbatch.</param>
internal sealed record BlocksJob(string Folder, int Blocks, int Workers, int Threads, IReadOnlyList<string> SlurmOptions)
{
    private const int MostLetters = 30; // of 63 that a label may have
    private const int Tries = 3; // again, of a block whose files could not be read or written

    /// <summary>
    /// A container of this program's build output, which has the libtorch of the system that it was built on: see
    /// <see cref="RequireSystemOfImage"/>.
    /// </summary>
    public const string Containerfile =
        """
        FROM mcr.microsoft.com/dotnet/aspnet:10.0
        RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
        COPY . /app
        ENTRYPOINT ["dotnet", "/app/NullaProp.ML.Samples.dll"]

        """;

    /// <summary>
    /// Gets the name of the Job: that of the folder in the characters of a DNS label, and the start of a hash of its path, for there are
    /// many folders of the name 'run'. The name of a pod adds the index to it.
    /// </summary>
    public string KubernetesName
    {
        get
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)))[..8];
            var letters = Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder)).ToLowerInvariant()
                .Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-').Take(MostLetters);
            return $"nullaprop-{string.Concat(letters).Trim('-')}-{hash}".Replace("--", "-", StringComparison.Ordinal);
        }
    }

    /// <summary>Refuses to make an image of a build for another system than the image's.</summary>
    /// <param name="isLinux">Whether this is Linux.</param>
    /// <param name="processor">The processor that this process runs on.</param>
    /// <exception cref="UserMistakeException">It is another system.</exception>
    public static void RequireSystemOfImage(bool isLinux, Architecture processor)
    {
        if (!isLinux || processor != Architecture.X64)
        {
            throw new UserMistakeException(
                "The image for Kubernetes is of Linux on x64, and this build of the program is for another system: its workers could not "
                + "train. Copy RUN to a machine with Linux on x64, build the program there, and give the command again.");
        }
    }

    /// <summary>Returns the file that the worker of a block writes to, in all its tries.</summary>
    /// <param name="block">The block.</param>
    public string LogPath(int block) => Path.Combine(Folder, $"block-{block}.log");

    /// <summary>Returns a word as a shell reads it, whatever characters it has.</summary>
    /// <param name="word">The word.</param>
    public static string ShellQuoted(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>
    /// Returns a job array. The shell stays in front of the worker, passes the signal on that comes before the time limit, and has the task
    /// queued again where the worker then says that it is not done. One that somebody cancels ends with the same code and is not: it would
    /// come back for ever. What Slurm itself takes away, it queues again by itself. A task whose files fail is queued again, too, until it
    /// was so three times, for whatever reason.
    /// </summary>
    /// <param name="program">How a shell starts this program.</param>
    public string SlurmScript(string program) =>
        $"""
        #!/usr/bin/env bash
        #SBATCH --job-name=nullaprop-blocks
        #SBATCH --array=0-{Blocks - 1}%{Workers}
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task={Threads}
        #SBATCH --requeue
        #SBATCH --signal=B:USR1@90
        #SBATCH --open-mode=append
        #SBATCH --output="{SlurmPattern(Folder)}/block-%a.log"
        {string.Concat(SlurmOptions.Select(option => $"#SBATCH {option}\n"))}export OMP_NUM_THREADS={Threads}
        worker=
        near_end=no
        cancelled=no
        trap 'near_end=yes; [ -z "$worker" ] || kill -USR1 $worker' USR1
        trap 'cancelled=yes; [ -z "$worker" ] || kill -TERM $worker' TERM
        {program} blocks train --run {ShellQuoted(Folder)} &
        worker=$!
        if [ $near_end = yes ]; then kill -USR1 $worker; fi  # it came before there was anybody to pass it on to
        if [ $cancelled = yes ]; then kill -TERM $worker; fi
        wait $worker; code=$?
        while kill -0 $worker 2>/dev/null; do wait $worker; code=$?; done  # a trap ends the first wait
        wait $worker; code=$?  # it may have ended in between
        again=no
        if [ $near_end = yes ] && [ $code = {CommandExecution.RunAgain} ]; then again=yes; fi
        if [ $cancelled = no ] && [ $code = {CommandExecution.FileFault} ]; then
          if [ "${"{"}SLURM_RESTART_COUNT:-0{"}"}" -lt {Tries} ]; then again=yes; fi
        fi
        if [ $again = yes ]; then
          scontrol requeue "${"{"}SLURM_ARRAY_JOB_ID{"}"}_${"{"}SLURM_ARRAY_TASK_ID{"}"}"
        fi
        exit $code

        """;

    /// <summary>Returns an Indexed Job: one index a block, each with its own count of failures.</summary>
    /// <param name="image">The container image.</param>
    /// <param name="claim">The claim of the volume that holds the shared folder.</param>
    public string KubernetesManifest(string image, string claim) =>
        $"""
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: {KubernetesName}
        spec:
          completionMode: Indexed
          completions: {Blocks}
          parallelism: {Workers}
          backoffLimitPerIndex: {Tries}  # a file that could not be read or written counts
          podFailurePolicy:
            rules:
            - action: Ignore        # the node was drained: it counts as no failure
              onPodConditions:
              - type: DisruptionTarget
                status: "True"
            - action: Ignore        # stopped and saved
              onExitCodes:
                operator: In
                values: [{CommandExecution.RunAgain}]
            - action: FailIndex     # a mistake, which another try does not mend
              onExitCodes:
                operator: In
                values: [1]
          template:
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 90
              containers:
              - name: block
                image: {YamlText(image)}
                args: ["blocks", "train", "--run", "/run-folder"]
                env:
                - name: OMP_NUM_THREADS
                  value: "{Threads}"
                resources:
                  requests:
                    cpu: "{Threads}"
                volumeMounts:
                - name: run
                  mountPath: /run-folder
              volumes:
              - name: run
                persistentVolumeClaim:
                  claimName: {YamlText(claim)}

        """;

    // Slurm replaces what follows a %, and reads its options as a shell does.
    private static string SlurmPattern(string path) => path
        .Replace("%", "%%", StringComparison.Ordinal)
        .Replace(@"\", @"\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal);

    // Each JSON text is one of YAML.
    private static string YamlText(string text) => JsonSerializer.Serialize(text);
}
