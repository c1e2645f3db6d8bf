"""A network of one linear layer.

`nn.Linear(10, 5)` takes the number of input features first and keeps its weight the other way
round, as (5, 10): row i holds the weights of output i. It is a module already; a class of one's own
or `nn.Sequential` around it does the same and leaves room for more layers.

A module finds a parameter if an `nn.Parameter`, or a module that has one, is assigned to an
attribute. The common wrong answer keeps its layer in a plain Python list: the output is right, but
`parameters()` is empty, so that an optimizer trains nothing and `.to(device)` moves nothing;
`nn.ModuleList` is the list that is seen. An activation at the end cuts off half of what a linear
layer can say. One layer made outside the function and returned at each call is shared: training one
network would train them all.
"""

import torch
from torch import nn

HINTS = (
    "Count the numbers that the network has to learn: ten for each output, and one more. How many?",
    "torch.nn has a module for this layer. Which of its two sizes comes first?",
    "Whatever you build, print its parameters(): there should be two, of shapes (5, 10) and (5,).",
    "Build the module inside the function, so that each call draws new weights.",
)


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
    return nn.Linear(10, 5)
