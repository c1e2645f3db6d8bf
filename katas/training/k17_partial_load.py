"""Load what fits of a checkpoint into a model, and report the rest.

Fine-tuning begins with the weights of another model, whose last layer may have another size. The
`from_pretrained` of Hugging Face's Transformers has `ignore_mismatched_sizes` for that. Keys differ
too: nn.DataParallel writes "module." before each of them, and torch.compile "_orig_mod.".

    net = nn.Linear(1, 2)
    state = {"module.weight": torch.tensor([[5.0], [6.0]]), "module.bias": torch.zeros(3)}
    load_matching_(net, state, lambda key: key.removeprefix("module."))
      ->  {"loaded": ["weight"], "mismatched": ["bias"], "missing": [], "unexpected": []}
    net.weight  ->  [[5.0], [6.0]]        and net.bias is as it was

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Mapping

from torch import Tensor, nn


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
