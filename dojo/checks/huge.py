"""Refuses results that are far larger than any check asks for, before something is done with them.

A view such as ``x[0].expand(10**5, 10**5)`` takes no memory. To copy it, or to make a list of it,
would take all of it.
"""

from __future__ import annotations

from typing import Any

import torch

from dojo.checks.brief import cut, is_array, is_tensor
from dojo.checks.expect import CheckFailed
from dojo.checks.messages import describe

LARGEST = 5_000_000  # elements of a result; checks ask for some thousands
_PARTS = 8  # of a result of which each is looked at


_SIZED = (list, tuple, set, dict, str, bytes)


def refuse_odd_result(got: Any, *inputs: Any) -> None:
    """Fail if a result is far too large, or if a tensor hides one of torch's own attributes.

    Raises:
        CheckFailed: as for ``refuse_huge`` and ``refuse_disguised``.
    """
    __tracebackhide__ = True
    tensor = torch.Tensor
    with torch._C.DisableTorchFunction():  # the simulated GPU would take longer than all of this
        is_usual = type(got) is tensor and not got.__dict__ and got.numel() <= LARGEST
        if is_usual and not any(type(one) is tensor and one.__dict__ for one in inputs):
            return
        refuse_disguised(got, *inputs)
        refuse_huge(got)


def refuse_huge(got: Any) -> None:
    """Fail if a result has too many elements, or a part of a short tuple or list.

    Raises:
        CheckFailed: it has.
    """
    __tracebackhide__ = True
    kind = type(got)
    for value in got if kind in (tuple, list) and len(got) <= _PARTS else (got,):
        if is_tensor(value):
            size = torch.Tensor.numel(value)
        elif is_array(value):
            size = value.size
        else:
            size = len(value) if type(value) in _SIZED else 0
        if size > LARGEST:
            raise CheckFailed(
                f"returned {describe(value)}: {size:,} elements, far more than are asked for.",
                "Look at the size of what you return.",
            )


def refuse_disguised(*values: Any) -> None:
    """Fail if an answer has set an attribute on a tensor that hides one of torch's own.

    Raises:
        CheckFailed: it has, so that the tensor would answer in place of torch.
    """
    __tracebackhide__ = True
    for one in values:
        parts = one if type(one) in (tuple, list) and len(one) <= _PARTS else (one,)
        for value in filter(is_tensor, parts):
            hidden = [name for name in vars(value) if hasattr(torch.Tensor, name)]
            if hidden:
                raise CheckFailed(
                    f"returned a tensor on which {cut(hidden[0], 40)} was set anew; expected a "
                    "tensor that answers for itself."
                )
