"""Save what an optimizer remembers, and load it into another one.

`optimizer.state` is a dict whose keys are the parameters themselves, which mean nothing in another
process; their order does. Most mistakes are of two kinds. Something is left behind: an option, the
count of steps, an old state of a parameter that had none when the other was saved. Or something is
shared: tensors of the state are written in place at each step, so what is not copied goes on
changing after it was saved.

In practice one calls `optimizer.state_dict()` and `optimizer.load_state_dict(saved)`. They hand out
and keep the tensors themselves, which is safe only if `torch.save` and `torch.load` stand between.
"""

import copy
from typing import Any

from torch.optim import Optimizer

HINTS = (
    "Print `optimizer.param_groups` and `optimizer.state` after a step: what are the keys?",
    "Count the parameters through all groups, in order: that number stands for each.",
    "`copy.deepcopy` copies dicts and the tensors in them; use it in both directions.",
    "`optimizer.state[p]` makes an empty state where none is: ask `p in optimizer.state` first.",
    "In load_state, compare the sizes of all groups before anything is changed.",
)


def save_state(optimizer: Optimizer) -> dict[str, Any]:
    """All that an optimizer keeps between steps, in the layout of `optimizer.state_dict()`.

    Positions count the parameters through all groups: with two in the first group, the second
    group begins with 2. Parameters without a state count too.

    Args:
        optimizer: any of torch.optim.SGD, RMSprop, Adam and AdamW; it stays as it is. No parameter
            comes twice, and a group may be empty.

    Returns:
        A new dict of plain dicts and lists, with two keys:

        - "state" maps the position of each parameter that has a state to this state, a dict. A
          parameter that has had no gradient yet has none, and no key.
        - "param_groups" is a list of dicts, one for each group. Each has all options of the group,
          under their names, and the list of the positions of its parameters under "params".

    Exactly:
        All tensors of the state are copied, with their numbers, shape, dtype and device; they share
        memory with nothing else. So later steps and other options leave the result as it is, and a
        change of the result leaves the optimizer as it is.

        Options are those that stand in the group at that moment, also those that someone has put
        there, such as the "initial_lr" of a scheduler: numbers, bools, strings, None, and tuples of
        these. The parameters themselves are not saved. `optimizer.state` gets no new keys; it makes
        an empty state when it is asked for one that is not there.

        `Optimizer.state_dict` and `Optimizer.load_state_dict` are not allowed, under whatever name.
        They read and write the same dicts, so each of the four functions works with the rest.
    """
    state, groups, position = {}, [], 0
    for group in optimizer.param_groups:
        options = {name: copy.deepcopy(one) for name, one in group.items() if name != "params"}
        count = len(group["params"])
        groups.append(options | {"params": list(range(position, position + count))})
        for p in group["params"]:
            if p in optimizer.state:
                state[position] = copy.deepcopy(optimizer.state[p])
            position += 1
    return {"state": state, "param_groups": groups}


def load_state(optimizer: Optimizer, saved: dict[str, Any]) -> None:
    """Make an optimizer go on as the one went on whose state was saved.

    Args:
        optimizer: of the same class as the saved one. Its parameters agree with those of the saved
            one position by position, in shape, dtype and device. It may be new, or have taken steps
            with other options.
        saved: from save_state, or from `state_dict()` of another optimizer; it stays as it is, and
            can be loaded again.

    Raises:
        ValueError: the number of groups, or that of the parameters in some group, is not the one
            that was saved. Then nothing was changed.

    Exactly:
        Each group holds the saved options afterwards, and no others: an option that was not saved
        is gone. "params" still holds the same parameters, whose values, `.grad` and requires_grad
        stay. Whether the dicts of the groups are the same objects is up to you.

        `optimizer.state` holds the saved states and no others: a parameter whose position has no
        state begins as in a new optimizer. All tensors are copied, and keep the dtype that was
        saved: the step count of Adam is float32, whatever its parameter is. So later steps leave
        saved as it is, and two optimizers that have loaded it share nothing.

        With the same gradients, later steps give the same bits as those of the saved optimizer
        would.

        `Optimizer.state_dict` and `Optimizer.load_state_dict` are not allowed, under whatever name.
    """
    groups = optimizer.param_groups
    sizes, saved_sizes = (
        [len(group["params"]) for group in some] for some in (groups, saved["param_groups"])
    )
    if sizes != saved_sizes:
        raise ValueError(f"the groups have {sizes} parameters; saved were {saved_sizes}")
    saved = copy.deepcopy(saved)
    parameters = [p for group in groups for p in group["params"]]
    for group, options in zip(groups, saved["param_groups"], strict=True):
        options["params"] = group["params"]
        group.clear()
        group.update(options)
    optimizer.state.clear()  # it stays a defaultdict, which step() relies on
    for position, state in saved["state"].items():
        optimizer.state[parameters[position]] = state
