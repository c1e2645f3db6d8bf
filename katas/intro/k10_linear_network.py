"""A network of one linear layer.

`make_network` builds the smallest network there is: five outputs, each of them a weighted sum of
ten features, plus a bias. A module finds its parameters by itself, which is what an optimizer
trains, `.to(device)` moves and `state_dict()` saves.

    network = make_network()
    network(torch.ones(3, 10)).shape               ->  torch.Size([3, 5])
    sum(p.numel() for p in network.parameters())   ->  55, that is 5 * 10 + 5
"""

import torch


def make_network() -> torch.nn.Module:
    """A new network of one linear layer with bias, from 10 features to 5.

    Returns:
        A new `torch.nn.Module` at each call, with exactly two parameters, both trainable: the
        weight W of shape (5, 10), random numbers drawn for this network alone, and the bias b of
        shape (5,), which may begin as zeros. (A lazy layer has them once it was called.)

        Called with x, a float32 tensor of shape (..., 10) with one dimension or more, any
        strides, on the device of W and b, the network returns x·Wᵀ + b: float32, shape (..., 5),
        exact but for rounding, with W and b as they are at that moment, in `train()` and in
        `eval()` mode. x, W and b stay as they are. In both modes, gradients reach x, W and b.
        `.to(device)` moves it.
    """
    raise NotImplementedError
