"""Count the parameters of a model.

`module.parameters()` goes through the module and all that is below it, and gives each Parameter
object once. So does `named_parameters()`, but not with `remove_duplicate=False`. `state_dict()` is
made for saving: it has the buffers too, and a shared Parameter under each of its names.

In practice this one line is written wherever it is needed; `torchinfo.summary(model)` prints the
numbers for each layer.
"""

from torch import nn

HINTS = (
    "What does `module.parameters()` give, and what does it leave out?",
    "Which method of a tensor tells how many entries it has?",
    "A weight that two layers share is one object: is it given once or twice?",
    "`p.requires_grad` is all that decides whether a Parameter is trained.",
)


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """How many entries the Parameters of a module have together.

    These are the Parameters of the module itself, and of all modules below it at any depth.
    Buffers, such as the running mean of a batch norm, are no Parameters.

    A Parameter counts once, however many names it has. Two layers can share one Parameter (tied
    weights), and one layer can stand in several places.

    Args:
        module: any module, in train or eval mode; it stays as it is.
        trainable_only: count only the Parameters that require grad when the function is called.

    Returns:
        A Python int.

    Exactly:
        A Parameter of shape () has one entry, and one with a size of 0 has none. Where Parameters
        are expanded, each entry counts. A module without Parameters has 0.

        Two Parameter objects count both, even if their values are equal or they lie in the same
        memory. Subclasses of nn.Parameter count too. Other tensors do not count, nor do Parameters
        and modules that stand in a plain list: torch does not see them.

        trainable_only looks at requires_grad alone. It makes no difference whether the module is
        in train or eval mode, whether there is a .grad, or whether autograd records.

        Parameters have any dtype, and lie on any device. On "meta" they have a shape and no
        memory, so that a module can have more than 2**31 entries: the number is exact there too.
        No Parameter is lazy.
    """
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)
