"""Average the weights of several checkpoints.

A sum per entry is all that has to be kept, so that a hundred checkpoints need no more memory than
two. The sum must be a copy: for float64, `.to(torch.float64)` returns the very tensor of the first
checkpoint, and adding into that one changes it. It is float64 since 16-bit sums lose digits, and
float16 has no number above 65504.

In practice one runs average_checkpoints.py of fairseq, or wraps the model in
`torch.optim.swa_utils.AveragedModel`, which averages during the training.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

HINTS = (
    "Go through the state dicts once, with one sum per key, and divide at the end.",
    "The sums are float64, whatever the entries are: `.to(dtype)` comes last.",
    "The first summand must be a copy: `.to(torch.float64)` makes none of a float64 tensor.",
    "`is_floating_point()` tells what is averaged; of all else, the last value is copied.",
    "Compare the keys as sets, since their order may differ; take the order of the first.",
)


def average_weights(state_dicts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average state dicts entry by entry.

    Each entry of floats becomes the mean of that entry over all state dicts. Each entry of ints or
    bools (a counter, a mask) becomes that of the last state dict.

    Args:
        state_dicts: mappings with the same keys, in any order, and per key tensors of one shape,
            dtype and device. Any iterable that gives at least one: a list, or a generator that can
            be gone through only once and reads one file after the other.

    Returns:
        A dict, an OrderedDict too, with the keys of the first one in its order. Each entry keeps
        its shape, dtype and device. It is a new tensor, in memory that neither an input nor another
        entry shares, and is not tracked, even if inputs are.

    Raises:
        ValueError: there is no state dict at all, one has other keys than the first, or an entry
            has another shape than in the first. The inputs stay as they are then too.

    Exactly:
        Floats are float16, bfloat16, float32 and float64, finite, up to 1e100 in size. They are
        added up in float64, and the mean is rounded once to the dtype of the entry. So nothing
        overflows, and float16, bfloat16 and float32 are right to the last bit; float64 to 1e-12,
        relative to the largest entry. No mean lies in the middle between two neighbors of its
        dtype, nor so near to it that float32 could not tell: torch's `.to` makes 16 bits out of
        float64 by way of float32.

        Ints and bools keep their exact values, large int64 too. Tensors have any shape, 0-d and
        empty too, and any strides. State dicts may be empty: the average is then.

        Two entries of a state dict may share memory, or be one tensor (tied weights): each gets its
        own mean. A mapping need not be a dict, and may be read-only.

        No more state dicts are held than needed. While a generator makes the next one, only the one
        before may still be there; the tensors of all earlier ones are freed by then.
    """
    sums: dict[str, Tensor] = {}
    dtypes: dict[str, torch.dtype] = {}
    count = 0
    with torch.no_grad():
        for state in state_dicts:
            if not count:
                sums = {k: torch.zeros_like(x, dtype=_wide(x)) for k, x in state.items()}
                dtypes = {k: x.dtype for k, x in state.items()}
            if state.keys() != sums.keys():
                raise ValueError(f"state dict {count} has other keys than the first")
            for key, total in sums.items():
                x = state[key]
                if x.shape != total.shape:
                    raise ValueError(f"{key} has another shape in state dict {count}")
                if x.is_floating_point():
                    total += x
                else:
                    total.copy_(x)
            count += 1
        if not count:
            raise ValueError("there is no state dict to average")
        for key, total in sums.items():
            if total.is_floating_point():
                sums[key] = total.div_(count).to(dtypes[key])
    return sums


def _wide(x: Tensor) -> torch.dtype:
    return torch.float64 if x.is_floating_point() else x.dtype
