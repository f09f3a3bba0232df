using NullaProp.ML.ClassNames;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Storage;

/// <summary>A trained model as it goes into a file and comes out again.</summary>
/// <param name="Options">The options it was trained with.</param>
/// <param name="Shape">The size of its images.</param>
/// <param name="Classes">K, the number of classes.</param>
/// <param name="Keys">The names of the classes; <see langword="null"/> for a bare key.</param>
/// <param name="Seed">The seed that training used.</param>
/// <param name="Network">The network with its weights.</param>
/// <param name="Starts">Where scoring starts and the noise on the way; see <see cref="Plan.Start"/>.</param>
internal sealed record StoredModel(
    NoPropOptions Options,
    ImageShape Shape,
    int Classes,
    ClassValues? Keys,
    int Seed,
    Denoiser Network,
    HostTensor Starts);
