"""Sort the parameters of a model into two groups: with and without weight decay.

At each step, weight decay pulls a weight a little towards 0. That helps weight matrices; biases,
scales of norm layers and embeddings are usually left out. Karpathy's minGPT and the Trainer of
Hugging Face's Transformers sort by rules like those below. An optimizer takes the groups in place
of the parameters: `torch.optim.AdamW(parameter_groups(net, 0.1), lr=1e-3)`.

    net = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3), nn.LayerNorm(3))
    first, second = parameter_groups(net, 0.1)
    first     ->  {"weight_decay": 0.1, "params": [net[1].weight]}
    second    ->  {"weight_decay": 0.0, "params": four Parameters: net[0].weight, net[1].bias,
                   net[2].weight and net[2].bias}

What holds for every kata stands in katas/README.md.
"""

from typing import Any

from torch import nn


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The trainable parameters of a model in two groups: the first decays, the second does not.

    A parameter stands in the second group if at least one of these three is true, else in the
    first:

    - It has fewer than two dimensions.
    - Its own name contains "bias". Its own name is the one that the module has for it which holds
      it: the part after the last dot. So "attention.bias_k" is in the second group for its name,
      and "bias_net.weight" is not.
    - The module that holds it is an nn.Embedding, an nn.EmbeddingBag or one of torch's norm layers:
      LayerNorm, GroupNorm, RMSNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm,
      InstanceNorm1d, InstanceNorm2d or InstanceNorm3d. Subclasses of these count too.

    Args:
        model: any module, in train or eval mode. It may itself hold parameters, or be one of the
            layers above.
        weight_decay: a number, 0 or more.

    Returns:
        A list of two dicts, each with the keys "params" and "weight_decay" alone. "weight_decay"
        is the given number in the first dict and 0.0 in the second one. "params" is a list of the
        Parameters themselves, in the order of `model.parameters()`. It is empty if there are none.

    Exactly:
        A Parameter that does not require grad when the function is called is left out.

        A Parameter can have several names: two layers can share one (tied weights), and one layer
        can stand in several places. Then it comes once, where `model.parameters()` gives it, and
        stands in the second group if one of its places says so. Two Parameter objects are two, even
        if they lie in the same memory.

        The module that holds a parameter is the one that has it as its own attribute. A Linear
        inside of a norm layer or of an Embedding holds its weight itself, and that weight decays.
        Names and classes of the modules further up say nothing, and neither does the name of the
        module itself: a Linear called "norm" decays, an Embedding called "head" does not. A norm
        layer that someone wrote as an nn.Module of their own counts as any other module.

        "bias" is looked for in lower case; no parameter has it in its name in capital letters. No
        parameter is lazy. The model stays as it is.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
