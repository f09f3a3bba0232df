using TorchSharp;

Console.WriteLine($"libtorch is ready: 1 + 1 = {(torch.tensor(1) + torch.tensor(1)).item<int>()}");
