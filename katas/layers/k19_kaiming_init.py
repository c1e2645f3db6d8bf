"""Give the layers of a network their initial weights by the rule of Kaiming He.

A ReLU takes half of the numbers away. With weights of deviation sqrt(2 / fan_in), where fan_in is
the number of inputs of one output, the numbers still keep their size from layer to layer. So a
deep network can be trained from the first step on. The ResNets in torchvision begin with weights
of this kind, though they count outputs instead of inputs.

    net = nn.ModuleList([nn.Linear(200, 100), nn.Conv2d(8, 16, 5, groups=2)])
    kaiming_(net) is net    ->  True
    net[0].weight.std()     ->  about 0.1, which is sqrt(2 / 200)
    net[1].weight.std()     ->  about 0.141, which is sqrt(2 / 100): 4 channels of 5 * 5 places
    net[0].bias             ->  all 0

What holds for every kata stands in katas/README.md.
"""

from torch import nn


def kaiming_(module: nn.Module) -> nn.Module:
    """Initialise a module and all modules below it, in place.

    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d: the weight is drawn from a normal distribution of
    mean 0 and standard deviation sqrt(2 / fan_in), each number for itself, and the bias is 0.
    fan_in is the number of inputs of one output. For a convolution, that is the input channels
    divided by groups, times the number of places of the kernel.

    nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d: the weight is 1 and
    the bias is 0.

    All other modules keep their numbers, but the modules below them are initialised.

    Args:
        module: any module, which may itself be of one of these kinds. Weights and biases are
            float32 or float64, or None.

    Returns:
        The module itself.

    Exactly:
        Subclasses of the kinds above count too, such as the out_proj of nn.MultiheadAttention.
        Other layers do not: transposed convolutions, Embedding, Bilinear, RMSNorm, InstanceNorm,
        SyncBatchNorm, recurrent layers and the rest. If one Parameter stands in a layer of these
        kinds and elsewhere too, such as in an Embedding, it is initialised.

        The Parameters stay the same objects in the same memory, of any strides, with their
        requires_grad and .grad. Frozen ones are initialised too. What they held before makes no
        difference, even if it is NaN. Buffers, such as the running mean of a batch norm, keep
        their numbers, and every module keeps its train or eval mode.

        Autograd does not record what is done, whether it is on or off; afterwards it is on or off
        as before. The numbers come from torch's global generator, so that torch.manual_seed
        decides them. No seed is set.

        All sizes are at least 1. No Parameter is lazy, and none is computed by a parametrization.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
