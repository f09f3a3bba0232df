using System.CommandLine;
using NullaProp.ML.Experiments.Commands;
using NullaProp.ML.Samples.Commands;

return await CommandExecution.Run(
    () => new RootCommand("The measurements behind the defaults and the tables of NullaProp.ML's documentation.")
    {
        ClusterCommand.Create(),
        DecisionsCommand.Create(),
        PhotosCommand.Create(),
        PicturesCommand.Create(),
        TablesCommand.Create(),
        VariantsCommand.Create(),
        VariantsOneCommand.CreateMethod(),
        VariantsOneCommand.CreateEvaluations(),
    },
    args);
