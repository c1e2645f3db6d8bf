"""The expectations of a result: type, shape, dtype, device, values and errors.

Every ``expect_…`` compares exactly what it names. It raises ``CheckFailed`` with the learner's
numbers and the expected ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from dojo.checks.differences import difference, difference_in_words, differing
from dojo.checks.messages import describe, dtype_name, returned, with_article
from dojo.checks.modes import without_modes
from dojo.devices.tags import device_of


class CheckFailed(AssertionError):
    """A check that found something wrong, with one sentence for the learner.

    Attributes:
        sentence: what came back and what was expected.
        hint: one sentence on where to look; may be empty.
        got, expected: the two tensors or values to draw beside each other; None if there are none.
    """

    def __init__(self, sentence: str, hint: str = "", got: object = None, expected: object = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.got = got
        self.expected = expected


def expect(condition: bool, sentence: str, hint: str = "") -> None:
    """Fail with the sentence unless the condition, a real bool, holds."""
    __tracebackhide__ = True
    if condition is not True:
        raise CheckFailed(sentence, hint)


def expect_tensor(got: Any, hint: str = "", subject: str = "") -> None:
    """Fail unless the value is a dense ``torch.Tensor`` or ``nn.Parameter``, and no other subclass.

    Args, here and in the functions below:
        got: what came back.
        hint: where to look.
        subject: what came back, such as "the mean"; empty for the result itself.
    """
    __tracebackhide__ = True
    if type(got) is torch.Tensor or type(got) is torch.nn.Parameter:
        if got.layout == torch.strided and not got.is_nested:
            return
        hint = hint or "A dense tensor is asked for, not a sparse or nested one."
    if got is None:
        hint = hint or "Does every path of your function end in a return?"
    raise CheckFailed(f"{returned(subject)} {describe(got)}; expected a torch.Tensor.", hint)


def expect_shape(got: Any, shape: Sequence[int], hint: str = "", subject: str = "") -> None:
    """Fail unless the value is a tensor of exactly this shape."""
    __tracebackhide__ = True
    expect_tensor(got, subject=subject)
    if tuple(got.shape) != tuple(shape):
        raise CheckFailed(
            f"{returned(subject)} a tensor of shape {tuple(got.shape)}; "
            f"expected shape {tuple(shape)}.",
            hint,
        )


def expect_dtype(got: Any, dtype: torch.dtype, hint: str = "", subject: str = "") -> None:
    """Fail unless the value is a tensor of exactly this dtype."""
    __tracebackhide__ = True
    expect_tensor(got, subject=subject)
    if got.dtype != dtype:
        raise CheckFailed(
            f"{returned(subject)} {with_article(dtype_name(got.dtype))} tensor; "
            f"expected {dtype_name(dtype)}.",
            hint,
        )


def expect_device(got: Any, device: str, hint: str = "", subject: str = "") -> None:
    """Fail unless the value is a tensor on this kind of device ("cpu" or "cuda")."""
    __tracebackhide__ = True
    expect_tensor(got, subject=subject)
    if device_of(got).type != torch.device(device).type:
        raise CheckFailed(
            f"{returned(subject)} a tensor on {device_of(got)}; expected one on {device}.", hint
        )


@without_modes
def expect_values(
    got: Any,
    expected: torch.Tensor,
    hint: str = "",
    subject: str = "",
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Fail unless the value is a tensor of the expected shape and dtype with close elements.

    NaN equals NaN. The tolerances are those of the dtype in ``differences.TOLERANCES`` unless they
    are given; with ``rtol=0, atol=0`` the comparison is exact.
    """
    __tracebackhide__ = True
    expect_shape(got, expected.shape, hint, subject)
    expect_dtype(got, expected.dtype, hint, subject)
    a, b = got.detach().cpu(), expected.detach().cpu()
    if places := differing(a, b, rtol, atol):
        message = difference(a, b, tuple(places[0]), len(places), subject)
        raise CheckFailed(message, hint, got=a, expected=b)


@without_modes
def expect_elements(
    got: Any, numbers: np.ndarray, expected: np.ndarray, hint: str = "", name: str = "x"
) -> None:
    """Fail unless the result holds these elements of an input; a wrong one is named by its place.

    Args:
        got: what came back.
        numbers: the elements of the input, all of them different.
        expected: those that are to come back, in their places.
        hint: where to look.
        name: the input's name.
    """
    __tracebackhide__ = True
    expect_shape(got, expected.shape, hint)
    found = np.array(got.tolist())
    if places := np.argwhere(found != expected).tolist():
        index = tuple(places[0])
        got_one, expected_one = (_element(name, numbers, each[index]) for each in (found, expected))
        message = difference_in_words(got_one, expected_one, index, len(places), found.size)
        raise CheckFailed(message, hint, got=got, expected=torch.tensor(expected))


def _element(name: str, numbers: np.ndarray, value: Any) -> str:
    """Word a value as an element of the input, such as ``x[0, 2]``, else as a number."""
    places = np.argwhere(numbers == value).tolist()
    return f"{name}{places[0]}" if places else f"{value:.6g}"


def expect_array(got: Any, expected: np.ndarray, hint: str = "", subject: str = "") -> None:
    """Fail unless the value is a ``numpy.ndarray`` (no subclass) of equal shape, dtype and values.

    NaN equals NaN.
    """
    __tracebackhide__ = True
    if type(got) is not np.ndarray:
        raise CheckFailed(f"{returned(subject)} {describe(got)}; expected a numpy.ndarray.", hint)
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{returned(subject)} an array of shape {got.shape}; expected shape {expected.shape}.",
            hint,
        )
    if got.dtype != expected.dtype:
        raise CheckFailed(
            f"{returned(subject)} {with_article(str(got.dtype))} array; expected {expected.dtype}.",
            hint,
        )
    differ = (got != expected) & ~((got != got) & (expected != expected))  # NaN equals NaN
    if differ.any():
        places = np.argwhere(differ).tolist()
        message = difference(got, expected, tuple(places[0]), len(places), subject)
        raise CheckFailed(message, hint, got=got, expected=expected)


def expect_raises(
    error: type[BaseException], call: Callable[[], object], hint: str = "", subject: str = ""
) -> None:
    """Fail unless the call raises this error or a subclass of it.

    Raises:
        CheckFailed: the call returned, or raised another error.
        NotImplementedError: the learner's function is not started.
    """
    __tracebackhide__ = True
    where = f" for {subject}" if subject else ""
    try:
        got = call()
    except (NotImplementedError, CheckFailed):  # what is not started is a RuntimeError, too
        raise
    except error:
        return
    except Exception as other:
        sentence = f"raised {type(other).__name__}{where}; expected {error.__name__}."
        raise CheckFailed(sentence, hint) from other
    raise CheckFailed(f"returned {describe(got)}{where}; expected {error.__name__}.", hint)
