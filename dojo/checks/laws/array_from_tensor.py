"""The laws of a function that makes an array of NumPy of a tensor."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_array
from dojo.checks.inputs import layouts, numbers, tensor_of
from dojo.checks.laws.bridge import (
    BLIND,
    DANGLING,
    EMPTY,
    FULL,
    SHAPES,
    VALUES,
    Bridge,
    in_every_shape,
    in_three_dimensions,
    in_two_shapes,
)
from dojo.checks.laws.wording import law
from dojo.checks.memory import untouched
from dojo.checks.messages import describe, with_article
from dojo.devices.select import gpu


class ArrayFromTensor(Bridge):
    """The laws of a function that makes an array of a tensor.

    Attributes:
        takes_gpu: whether the tensor may lie on the GPU.
    """

    tensors: ClassVar[Sequence[str]] = ("x",)
    takes_gpu: ClassVar[bool] = True

    def places(self, device: str) -> list[str]:
        """Return where the tensor may lie on the machine of a device."""
        return ["cpu", "cuda"] if device == "cuda" and self.takes_gpu else ["cpu"]

    def given(self, device: str) -> Any:
        """Return what a plain call is given."""
        return tensor_of(numbers(), self.places(device)[-1])

    def answer(self, solution: Any, x: torch.Tensor) -> np.ndarray:
        """Return the array that the answer makes of a tensor, once it is an array."""
        __tracebackhide__ = True
        solution.hint = self.hint("on the gpu" if x.is_cuda else "raises")
        got = getattr(solution, self.name)(x)
        if type(got) is not np.ndarray:
            kind = f"a {type(got).__name__}" if isinstance(got, np.ndarray) else describe(got)
            hint = self.hint(_kind_of(got))
            raise CheckFailed(f"returned {kind}; expected a numpy.ndarray.", hint)
        return got

    def expect_kept(self, solution: Any, x: torch.Tensor, array: np.ndarray, hint: str) -> None:
        """Fail unless the answer makes this very array of a tensor."""
        __tracebackhide__ = True
        expect_array(self.answer(solution, x), array, hint)

    def expect_shared(self, solution: Any, x: torch.Tensor, hint: str) -> None:
        """Fail unless the array of a tensor lies in its memory."""
        __tracebackhide__ = True
        got = self.answer(solution, x)
        expect_array(got, np.array(x.tolist(), got.dtype).reshape(x.shape), self.hint("keep"))
        x.untyped_storage().fill_(0)
        expect(not got.any(), BLIND.format(got="array", name=self.tensors[0]), hint)

    @aspect("type")
    def test_returns_an_array(self, solution: Any, device: str) -> None:
        """{name} returns a numpy.ndarray, wherever {x} is and whatever its shape."""
        for place in self.places(device):
            for shape in SHAPES:
                self.answer(solution, tensor_of(numbers(shape), place))

    @aspect("shape")
    def test_keeps_the_shape(self, solution: Any, device: str) -> None:
        """The array has the shape of {x}."""
        self._expect_shapes(solution, FULL, device)

    def _expect_shapes(self, solution: Any, shapes: Sequence[tuple[int, ...]], device: str) -> None:
        __tracebackhide__ = True
        for shape in shapes:
            got = self.answer(solution, tensor_of(numbers(shape), self.places(device)[-1]))
            sentence = f"returned an array of shape {got.shape}; expected shape {shape}."
            expect(got.shape == shape, sentence, self.keep(shape))

    @aspect("dtype")
    def test_keeps_the_dtype(self, solution: Any, device: str) -> None:
        """The array has the dtype of {x}."""
        for dtype, shape in in_two_shapes():
            x = tensor_of(np.array(numbers(shape, dtype)), self.places(device)[-1])
            got = self.answer(solution, x).dtype
            sentence = f"returned {with_article(str(got))} array; expected {dtype}."
            expect(got == np.dtype(dtype), sentence, self.keep(shape))

    @aspect("values")
    def test_has_the_values(self, solution: Any, device: str) -> None:
        """The array has the values of {x}, to the last digit and in their places."""
        for place in self.places(device):
            for dtype, few in VALUES.items():
                array = np.array(few, dtype)
                self.expect_kept(solution, tensor_of(array, place), array, self.keep(array.shape))
            for shape in FULL:
                array = np.array(numbers(shape))
                self.expect_kept(solution, tensor_of(array, place), array, self.keep(shape))

    @aspect("values")
    def test_keeps_empty_shapes(self, solution: Any, device: str) -> None:
        """What is empty keeps all of its dimensions."""
        self._expect_shapes(solution, EMPTY, device)  # not before: a list loses the dtype, too

    @aspect("values")
    def test_follows_the_strides(self, solution: Any, device: str) -> None:
        """The values are in their places whatever the strides of {x} are."""
        place = self.places(device)[-1]
        # what lies in the memory of x has its strides, whatever the dtype
        for turn, dtype in enumerate(["float32"] if self.shares else VALUES):
            some = list(in_every_layout(place, dtype))
            for layout, x, array in some if turn == 0 else (some[1], some[2 + turn % 3]):
                self.expect_kept(solution, x, array, self.keep(array.shape, layout))

    @aspect("values")
    def test_each_call_stands_for_itself(self, solution: Any, device: str) -> None:
        """An array shows {x} as it is at the call, and another call leaves it as it is."""
        hint = self.hint("again")
        for place in self.places(device):
            array = numbers()
            x, other = tensor_of(array, place), tensor_of(array * 3, place)
            first = self.answer(solution, x)
            self.expect_kept(solution, other, array * 3, hint)
            expect_array(first, array, hint)
            with torch.no_grad():  # whether x requires grad by now, another law asks
                x *= 2
            self.expect_kept(solution, x, array * 2, hint)

    @aspect("memory")
    @law("shares")
    def test_shares_memory(self, solution: Any) -> None:
        """A write to {x} is seen in the array, however {x} lies in memory."""
        for dtype in VALUES:
            for layout, x, _ in in_every_layout("cpu", dtype):
                self.expect_shared(solution, x, self.shared(x.shape, layout))

    @aspect("memory")
    @law("shares")
    def test_shares_memory_in_every_shape(self, solution: Any) -> None:
        """The array lies where {x} lies, whatever the shape."""
        for array in in_every_shape():
            x = tensor_of(array.T).permute(tuple(reversed(range(array.ndim))))
            self.expect_shared(solution, x, self.shared(array.shape))
        for layout, array in in_three_dimensions():
            x = torch.from_numpy(array)
            self.expect_shared(solution, x, self.shared(array.shape, layout))

    @aspect("memory")
    @law("shares")
    def test_keeps_the_memory(self, solution: Any) -> None:
        """The memory of {x} lasts as long as the array does."""
        owner = np.array(numbers())
        alive = weakref.ref(owner)
        got = self.answer(solution, torch.from_numpy(owner))
        is_copy = got.ctypes.data != owner.ctypes.data  # of that, another law tells
        del owner
        solution.last_call = ""  # it holds the tensor
        words = DANGLING.format(got="an array", name=self.tensors[0])
        expect(is_copy or alive() is not None, f"{self.name} {words}", self.hint("alive"))

    @aspect("memory")
    @law("shares")
    def test_shares_memory_beside_a_gpu(self, solution: Any) -> None:
        """Memory is shared as well on a machine with a GPU."""
        with gpu():
            self.expect_shared(solution, tensor_of(numbers()), self.hint("device"))

    @aspect("memory")
    def test_stays_as_it_was(self, solution: Any, device: str) -> None:
        """{x} stays where it was, as it was."""
        for place in self.places(device):
            for x in self.inputs(place):
                with untouched(self.hint("memory"), **{self.tensors[0]: x}):
                    self.answer(solution, x)

    def inputs(self, place: str) -> list[torch.Tensor]:
        """Return tensors that a call must leave as they are."""
        x = tensor_of(numbers(), place)
        return [*layouts(x).values(), tensor_of(numbers((2, 1, 5)), place), x[0, 0]]


def _kind_of(got: object) -> str:
    """Return the name of the hint on what came back in place of an array."""
    if isinstance(got, torch.Tensor):
        return "on the gpu" if got.is_cuda else "tensor"
    if isinstance(got, np.generic | bool | int | float | complex):
        return "number"
    kinds = {type(None): "nothing", list: "list"}
    if type(got) in kinds:
        return kinds[type(got)]
    return "subclass" if isinstance(got, np.ndarray) else "call" if callable(got) else ""


def in_every_layout(place: str, dtype: str) -> Iterator[tuple[str, torch.Tensor, np.ndarray]]:
    """Yield the name of each layout, a tensor in it, and the array of its numbers."""
    array = numbers(dtype=dtype)
    for layout, x in layouts(tensor_of(array, place)).items():
        yield layout, x, array
    yield (
        "repeated row",
        tensor_of(array[:1], place).expand(2, 3),
        np.stack([array[0], array[0]]),
    )
