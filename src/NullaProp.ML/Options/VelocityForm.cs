namespace NullaProp.ML;

/// <summary>What the network of <see cref="NoPropVariant.FlowMatching"/> says of the velocity v that leads from noise to label.</summary>
public enum VelocityForm
{
    /// <summary>All of it: v = logits·W (paper, section 2.2.3). The network has to give back z, noise and all, before it can say what the image adds.</summary>
    Raw,

    /// <summary>
    /// What the image adds to the best linear estimate from z alone, in units of that estimate's deviation: v = a·z + c·logits·W with S = t²·s² + (1−t)², a = (t·s² − (1−t))/S and
    /// c = s/√S; s² = 1/min(K, D), the variance of labels of length 1 in the directions that they span. The squared error is weighted by 3·S/(1+s²), so that every time counts
    /// alike. The preconditioning of Karras et al. 2022 (arXiv 2206.00364, section 5), for the straight path.
    /// </summary>
    Preconditioned,
}
