"""Load what fits of a checkpoint into a model, and report the rest.

`load_state_dict(strict=False)` forgives keys that are missing or too many, and raises for a wrong
shape all the same. `copy_` alone forgives too much: it broadcasts, and fills a bias with a single
number. So each shape is compared first. The tensors of `model.state_dict()` lie in the model's own
memory: what is copied into them is in the model, buffers too.

In practice one picks what fits like this, and then calls `model.load_state_dict(fitting,
strict=False)`; or `from_pretrained(…, ignore_mismatched_sizes=True)` does both.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

HINTS = (
    "First make a dict from new names to keys: so you see two keys with one name in time.",
    "`model.state_dict()` has all names, in order. Its tensors lie in the memory of the model.",
    "Compare `value.shape == tensor.shape` before you copy: `copy_` broadcasts.",
    "`tensor.copy_(value)` under `torch.no_grad()` converts dtype and device by itself.",
    "What is unexpected? Go through the state's keys, and ask for their new names.",
)


def load_matching_(
    model: nn.Module,
    state: Mapping[str, Tensor],
    rename: Callable[[str], str] | None = None,
) -> dict[str, list[str]]:
    """Copy the values of a state that fit into a model, in place, and report all names.

    The names of a model are those of `model.state_dict()`: parameters, frozen ones too, and
    buffers. A value of the state fits if its name is one of them and both shapes are equal.
    It is then copied into the memory that is there. All else in the model stays as it is.

    Args:
        model: any module on one device.
        state: a mapping from keys to tensors; it need not be a dict. It may have any keys in any
            order, or none.
        rename: makes a key of the state the name in the model. None: keys are names.

    Returns:
        A dict with four lists of strings, each of them perhaps empty:
            "loaded": names of the model whose value was copied.
            "mismatched": names of the model whose value has another shape.
            "missing": names of the model for which the state has no value.
            "unexpected": keys of the state whose name the model does not have.
        The first three are in the order of `model.state_dict()`, and together they have each of its
        names once. The last one has the state's own keys, not the renamed ones, in its order.

    Raises:
        ValueError: two keys become one name, whether the model has that name or not, and whatever
            their shapes are. The model is as before.

    Exactly:
        Shapes are equal only if all sizes are: (1,) does not fit (), nor (1, 3) or (3, 1) fit (3,).
        Numbers of a size 0 fit, too.

        Where rename is given, only the new name counts: a key that the model has as it stands, but
        whose new name it does not have, is unexpected.

        Values are converted to the dtype and device of the model's tensor, as `Tensor.copy_` does.
        They may have any dtype that is not complex, any strides, lie on another device, and require
        grad. They stay as they are, in a state that stays as it is, and share no memory with the
        model, before and after.

        Each parameter and buffer is the same object in the same memory afterwards, with the same
        dtype, requires_grad and `.grad`. Modes and hooks stay. A buffer with persistent=False is
        not in the state_dict, so its key is unexpected.

        Two names may stand for one Parameter (tied weights); if both have a value, the values are
        equal. All values of the model's state_dict are tensors. Whether the model's own hooks for
        state_dict and load_state_dict run is up to you.
    """
    keys = {}
    for key in state:
        name = key if rename is None else rename(key)
        if name in keys:
            raise ValueError(f"{keys[name]!r} and {key!r} both become {name!r}")
        keys[name] = key
    own = model.state_dict()
    report = {"loaded": [], "mismatched": [], "missing": [], "unexpected": []}
    with torch.no_grad():
        for name, tensor in own.items():
            if name not in keys:
                report["missing"].append(name)
            elif state[keys[name]].shape != tensor.shape:
                report["mismatched"].append(name)
            else:
                tensor.copy_(state[keys[name]])
                report["loaded"].append(name)
    report["unexpected"] = [key for name, key in keys.items() if name not in own]
    return report
