"""The laws of a function that hands numbers over between NumPy and torch, in either direction."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect
from dojo.checks.inputs import numbers
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import word_laws

INF, NAN = float("inf"), float("nan")
# dtype → values that a narrower dtype, or another kind of number, does not hold
VALUES: dict[str, list[Any]] = {
    "float32": [3e38, 1 + 2.0**-20, -0.5, INF, -INF, NAN],
    "float64": [1e300, 1 + 2.0**-40, -0.5, INF, -INF, NAN],
    "float16": [1 + 2.0**-10, -0.5, 65504.0, INF, -INF, NAN],
    "int64": [2**63 - 1, -(2**63), 2**60 + 1, -1, 0],
    "int32": [2**31 - 1, -(2**31), 2**30 + 1, -1, 0],
    "int16": [2**15 - 1, -(2**15), -1, 0],
    "int8": [127, -128, -1, 0],
    "uint8": [255, 128, 1, 0],
    "uint16": [2**16 - 1, 2**15, 1, 0],
    "uint32": [2**32 - 1, 2**31, 1, 0],
    "uint64": [2**64 - 1, 2**63, 2**60 + 1, 0],
    "complex64": [1 + 2j, -0.5j, 1 + 2.0**-20, complex(INF, 1)],
    "complex128": [1 + 2j, -0.5j, 1 + 2.0**-40, complex(1, INF)],
    "bool": [True, False, True, True],
}
FULL = [(2, 3), (7,), (2, 1, 5), (1,), (), (1, 1), (5, 4, 7)]
EMPTY = [(0,), (0, 3), (3, 0)]
SHAPES = [*FULL, *EMPTY]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here the numbers lie in memory column by column.",
    "every second element": "Here the numbers are every second one of a larger memory.",
    "at an offset": "Here the numbers begin inside of a larger memory.",
    "repeated row": "Here both rows lie in the same memory.",
}
_HINTS = {
    "keep": "Only the library changes: keep the shape, the dtype and the values.",
    "empty": "What is empty has a shape and a dtype too, which a list of its numbers lacks.",
    "memory": "Read what comes in, and leave it as it is.",
    "tracked": "Nobody asked autograd to track it, and then it cannot be written to as it is.",
    "inference": "Tensors of inference mode cannot be written to outside of it.",
    "shared": "A copy has memory of its own. Which functions wrap the memory that is there?",
    "alive": "A bare address keeps no memory alive. Which functions keep the one who owns it, too?",
    "scalar": "Some functions take what has the shape () for a number, and copy it.",
    "device": "The shared memory is the CPU's, with a GPU present too: leave the GPU alone.",
    "again": "Read what comes in anew at each call, and keep nothing for the next one.",
    "setting": "To cross the bridge changes nothing else in torch, and draws no random number.",
    "nothing": "Does every path of your function end in a return?",
    "tensor": "A tensor that is printed like an array is still a tensor: which method wraps its"
    " memory as an array?",
    "on the gpu": "The tensor is still on the GPU. Bring it to the CPU, then wrap its memory as an"
    " array.",
    "number": "A tensor of shape () becomes an array of shape (), which is more than a number.",
    "subclass": "A plain numpy.ndarray is meant, and no kind of it.",
    "list": "A list knows neither dtype nor shape. Take the numbers as an array from the start.",
    "call": "Without its parentheses a method is named, but not called.",
}
BLIND = "returned a copy: the {got} does not show what was written to {name} after the call."


DANGLING = "returned {got} whose memory was given back, once nobody had {name} any more."


class Bridge:
    """What both directions have.

    Attributes:
        name: the public name.
        tensors: the name of what comes in.
        shares: whether the result lies in the memory of what comes in.
        hints: where to look, in place of the usual hints; "raises" where a call raises.
        sentences: name of a law → the sentence that says what it is about, in place of its own.
    """

    name: ClassVar[str]
    tensors: ClassVar[Sequence[str]]
    shares: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {}
    sentences: ClassVar[dict[str, str]] = {}
    dojo_line: ClassVar[int] = 0  # of the class in its check file

    def __init_subclass__(cls) -> None:
        """Word the laws for the function, and leave out those that do not apply."""
        if "name" in vars(cls):
            cls.dojo_line = sys._getframe(1).f_lineno
            word_laws(cls)

    def hint(self, law: str) -> str:
        """Return the kata's hint for a law, or the usual one."""
        return self.hints.get(law) or _HINTS.get(law, "")

    def keep(self, shape: Sequence[int], layout: str = "contiguous") -> str:
        """Return where to look if the numbers of such an input are not kept."""
        return LAYOUTS[layout] or self.hint("empty" if 0 in shape else "keep")

    def shared(self, shape: Sequence[int], layout: str = "contiguous") -> str:
        """Return where to look if the memory of such an input is not shared."""
        return f"{self.hint('shared' if len(shape) else 'scalar')} {LAYOUTS[layout]}".strip()

    def given(self, device: str) -> Any:  # noqa: ARG002
        """Return what a plain call is given."""
        return numbers()

    @aspect("memory")
    def test_leaves_torch_as_it_is(self, solution: Any, device: str) -> None:
        """It changes no setting of torch, and leaves the random generators alone."""
        with settings_watched(solution, thoroughly=True) as found:
            getattr(solution, self.name)(self.given(device))
        expect(not found.text, found.text, self.hint("setting"))


def in_every_shape() -> Iterator[np.ndarray]:
    """Yield arrays of every shape, in either order of strides, and of every dtype in shape ()."""
    for shape in FULL:
        yield np.array(numbers(shape, "float64"))
        if len(shape) > 1:
            yield np.asfortranarray(numbers(shape, "int64"))
    yield from (np.array(numbers((), dtype)) for dtype in VALUES)


def in_three_dimensions() -> Iterator[tuple[str, np.ndarray]]:
    """Yield layouts, each with an array of three dimensions that has it."""
    yield "every second element", np.array(numbers((2, 6, 5)))[:, ::2, ::2]
    few = np.array(numbers((2, 4)))
    strides = few.strides[0], 0, few.strides[1]
    yield "repeated row", np.lib.stride_tricks.as_strided(few, (2, 3, 4), strides)


def in_two_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield every dtype with a plain shape, and with one that is empty or has no dimension."""
    for turn, dtype in enumerate(VALUES):
        yield dtype, (2, 3)
        yield dtype, ((), (0,), (0, 3))[turn % 3]
