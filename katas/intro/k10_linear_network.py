"""A network of one linear layer.

`make_network` builds the smallest network there is: five outputs, each of them a weighted sum of
ten features, plus a bias. A module finds its parameters by itself, which is what an optimizer
trains, `.to(device)` moves and `state_dict()` saves.

    network = make_network()
    network(torch.ones(3, 10)).shape               ->  torch.Size([3, 5])
    sum(p.numel() for p in network.parameters())   ->  55, that is 5 * 10 + 5

What holds for every kata stands in katas/README.md.
"""

import torch


def make_network() -> torch.nn.Module:
    """A new network of one linear layer with bias, from 10 features to 5.

    Returns:
        A `torch.nn.Module` with two parameters: the weight W of shape (5, 10), random numbers, and
        the bias b of shape (5,). Called with x of shape (batch, 10), it returns x·Wᵀ + b of shape
        (batch, 5).

    Exactly:
        Each call returns a new module. Its parameters are exactly these two, both trainable, and
        hold finite numbers. W is drawn for this network alone: its rows differ, its columns
        differ, and so do the W of two networks. b may begin as zeros. (A lazy layer has them
        once it was called.)

        x is a float32 tensor of shape (..., 10) with one dimension or more, any strides, on the
        device of W and b. The output is float32 of shape (..., 5), exact but for rounding, with
        W and b as they are at that moment, in `train()` and in `eval()` mode. x, W and b stay
        as they are. In both modes, gradients reach x, W and b. `.to(device)` moves the network.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
