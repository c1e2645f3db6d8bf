"""Sort the parameters of a model into two groups: with and without weight decay.

A pull towards 0 keeps a weight matrix from growing. A scale that is pulled to 0 switches its layer
off, and a row of an embedding whose word is rare would fade between two of its uses. Each rule here
asks another thing: the tensor, the name that its module has for it, and the class of that module.
So the loop goes over modules, and over the parameters that each holds itself. It meets a shared
Parameter in each of its places, while `model.parameters()` gives it once, and in the right order.

In practice one calls `timm.optim.param_groups_weight_decay(model, 0.1)`, which looks at dimensions
and names, or writes these lines; the Trainer of Transformers does it by itself.
"""

from typing import Any

from torch import nn

HINTS = (
    "Which modules hold parameters, and under which names? `model.modules()` gives all of them.",
    "`module.named_parameters(recurse=False)` gives what a module holds itself, with own names.",
    "Collect all that must not decay first; a shared Parameter may stand in several places.",
    "Then go through `model.parameters()`, which gives each once: is it among those collected?",
)

WITHOUT_DECAY = (
    nn.Embedding,
    nn.EmbeddingBag,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
)


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
    without = set()
    for module in model.modules():
        # of one Parameter, each name in the module counts
        for name, p in module.named_parameters(recurse=False, remove_duplicate=False):
            if p.dim() < 2 or "bias" in name or isinstance(module, WITHOUT_DECAY):
                without.add(p)
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p not in without], "weight_decay": weight_decay},
        {"params": [p for p in trained if p in without], "weight_decay": 0.0},
    ]
