"""Count the parameters of a model.

The size of a model is told as the number of its parameters: the "8B" in Llama 3 8B stands for
8 billion. `num_parameters` of a model in Hugging Face's Transformers gives this number, and
`print_trainable_parameters` in its library PEFT tells how many of them LoRA still trains.

    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    count_parameters(net)                         ->  12, which is 3 * 2 + 2 and 2 + 2
    net[0].weight.requires_grad_(False)
    count_parameters(net, trainable_only=True)    ->  6

What holds for every kata stands in katas/README.md.
"""

from torch import nn


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
