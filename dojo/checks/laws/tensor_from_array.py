"""The laws of a function that wraps an array of NumPy in a tensor."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import (
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
)
from dojo.checks.inputs import arranged, numbers, tensor_of
from dojo.checks.laws.bridge import (
    BLIND,
    DANGLING,
    EMPTY,
    FULL,
    LAYOUTS,
    SHAPES,
    VALUES,
    Bridge,
    in_every_shape,
    in_three_dimensions,
    in_two_shapes,
)
from dojo.checks.laws.wording import law
from dojo.checks.messages import numbers_text
from dojo.devices.select import gpu


class TensorFromArray(Bridge):
    """The laws of a function that wraps an array in a tensor on the CPU, in the same memory."""

    tensors: ClassVar[Sequence[str]] = ("array",)

    def made(self, solution: Any, array: np.ndarray) -> torch.Tensor:
        """Return what the answer makes of an array, once it is a tensor."""
        __tracebackhide__ = True
        solution.hint = self.hint("raises") or self.hint("keep")
        got: torch.Tensor = getattr(solution, self.name)(array)
        expect_tensor(got)
        return got

    def answer(self, solution: Any, array: np.ndarray) -> torch.Tensor:
        """Return the tensor that the answer makes of an array, which is left as it was."""
        __tracebackhide__ = True
        before, facts = array.copy(), facts_of(array)
        got = self.made(solution, array)
        hint = self.hint("memory")
        was_locked = not array.flags.writeable and facts[-1]
        expect(not was_locked, "made the array read-only.", hint)
        change = f": it was{numbers_text(before)} and is now{numbers_text(array)}"
        is_same = facts_of(array) == facts and array.tobytes() == before.tobytes()  # NaN too
        expect(is_same, f"changed the array that it was given{change}.", hint)
        return got

    def expect_shared(self, got: torch.Tensor, array: np.ndarray, hint: str) -> None:
        """Fail unless the tensor lies in the memory of the array: a write to that is seen in it."""
        __tracebackhide__ = True
        expect_shape(got, array.shape, self.hint("keep"))
        expect(not got.requires_grad, "returned a tensor that requires grad.", self.hint("tracked"))
        sentence = "returned a tensor of inference mode."
        expect(not got.is_inference(), sentence, self.hint("inference"))
        array[...] = 0
        expect(not got.any().item(), BLIND.format(got="tensor", name="the array"), hint)

    @aspect("type")
    def test_returns_a_tensor(self, solution: Any) -> None:
        """{name} returns a tensor, whatever the array's shape."""
        for shape in SHAPES:
            self.made(solution, numbers(shape))

    @aspect("shape")
    def test_keeps_the_shape(self, solution: Any) -> None:
        """The tensor has the array's shape."""
        for shape in FULL:
            expect_shape(self.made(solution, numbers(shape)), shape, self.keep(shape))

    @aspect("dtype")
    def test_keeps_the_dtype(self, solution: Any) -> None:
        """The tensor has the array's dtype."""
        for dtype, shape in in_two_shapes():
            array = np.array(numbers(shape, dtype))
            expect_dtype(self.made(solution, array), tensor_of(array).dtype, self.keep(shape))

    @aspect("device")
    def test_lies_on_the_cpu(self, solution: Any) -> None:
        """A GPU, where there is one, plays no part."""
        with gpu():
            expect_device(self.made(solution, numbers()), "cpu", self.hint("device"))

    @aspect("values")
    def test_has_the_values(self, solution: Any) -> None:
        """The tensor has the array's values in their places, whatever its dtype and strides."""
        for dtype, values in VALUES.items():
            array = np.array(values, dtype)
            self._expect_values(solution, array, self.keep(array.shape))
        for layout in LAYOUTS:
            array, whole = arranged(layout)
            before = whole.copy()
            self._expect_values(solution, array, self.keep(array.shape, layout))
            is_same = np.array_equal(whole, before)
            expect(is_same, "changed the memory around the array.", self.hint("memory"))

    @aspect("values")
    def test_keeps_empty_shapes(self, solution: Any) -> None:
        """What is empty keeps all of its dimensions."""
        for shape in EMPTY:  # not before: a list loses the dtype, too
            expect_shape(self.made(solution, numbers(shape)), shape, self.keep(shape))

    def _expect_values(self, solution: Any, array: np.ndarray, hint: str) -> None:
        __tracebackhide__ = True
        expected = tensor_of(array)
        expect_values(self.answer(solution, array), expected, hint, rtol=0, atol=0)

    @aspect("memory")
    @law("shares")
    def test_shares_memory(self, solution: Any) -> None:
        """A write to the array is seen in the tensor, however the array lies in memory."""
        for layout in LAYOUTS:
            for dtype in VALUES:
                array, _ = arranged(layout, dtype)
                self.expect_shared(
                    self.answer(solution, array), array, self.shared(array.shape, layout)
                )

    @aspect("memory")
    @law("shares")
    def test_shares_memory_in_every_shape(self, solution: Any) -> None:
        """The tensor lies where the array lies, whatever the shape."""
        for array in in_every_shape():
            self.expect_shared(self.answer(solution, array), array, self.shared(array.shape))
        for layout, array in in_three_dimensions():
            hint = self.shared(array.shape, layout)
            self.expect_shared(self.answer(solution, array), array, hint)

    @aspect("memory")
    @law("shares")
    def test_keeps_the_memory(self, solution: Any) -> None:
        """The memory of the array lasts as long as the tensor does."""
        array = np.array(numbers())
        alive = weakref.ref(array)
        got = self.made(solution, array)
        is_copy = got.data_ptr() != array.ctypes.data  # of that, another law tells
        del array
        solution.last_call = ""  # it holds the array
        words = DANGLING.format(got="a tensor", name="the array")
        expect(is_copy or alive() is not None, f"{self.name} {words}", self.hint("alive"))

    @aspect("memory")
    @law("shares")
    def test_shares_memory_beside_a_gpu(self, solution: Any) -> None:
        """Memory is shared as well on a machine with a GPU."""
        with gpu():
            array = numbers()
            self.expect_shared(self.answer(solution, array), array, self.hint("device"))


def facts_of(array: np.ndarray) -> tuple[Any, ...]:
    """Return what an array is beside its numbers; whether it may be written to comes last."""
    return array.shape, array.strides, array.dtype, array.flags.writeable
