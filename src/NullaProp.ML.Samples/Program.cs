using NullaProp.ML.Samples.Commands;

return await CommandExecution.Run(AllCommands.Create, args);
