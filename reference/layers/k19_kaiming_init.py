"""Give the layers of a network their initial weights by the rule of Kaiming He.

The weight of all four layers has the outputs first, and then all that one output is computed from:
the channels divided by groups, and the kernel. So `weight[0]` has fan_in entries. `modules()` gives
the module itself and all that is below it.

In practice one calls `nn.init.kaiming_normal_(weight, nonlinearity="relu")`, `nn.init.ones_` and
`nn.init.zeros_`, often in a function that `module.apply` takes. What torch does by itself when a
layer is made is another rule: uniform numbers up to 1 / sqrt(fan_in).
"""

import math

import torch
from torch import nn

HINTS = (
    "`module.modules()` gives the module itself and all that is below it, at any depth.",
    "`isinstance` knows subclasses. It takes a tuple of kinds too.",
    "One output is computed from how many numbers? A weight is (outputs, channels / groups, …).",
    "`weight.normal_(mean, deviation)` writes in place, which autograd forbids while it records.",
    "A layer made with `bias=False` has None in its place, and so has a norm without affine.",
)

_WITH_WEIGHTS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@torch.no_grad()
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
    for part in module.modules():
        if not isinstance(part, _WITH_WEIGHTS + _NORMS):
            continue
        if part.weight is not None:
            if isinstance(part, _NORMS):
                part.weight.fill_(1)
            else:
                part.weight.normal_(0, math.sqrt(2 / part.weight[0].numel()))
        if part.bias is not None:
            part.bias.zero_()
    return module
