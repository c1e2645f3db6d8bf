"""What the class of a check file says of its function; how that is asked stands in `contract`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.laws.layouts import LAYOUTS
from dojo.checks.laws.numbers import FLOATS, first_known, slopes
from dojo.checks.laws.rows import Row


class Facts:
    """What a contract declares: facts, cases, the oracle and the sentences.

    Attributes:
        name: the public name.
        tensors: the parameters that are tensors; they come first in a case.
        written: those of them that the function may write.
        dtypes: what the tensors may be, all of one dtype at a time; the first is the usual one.
        fixed: tensors that have a dtype of their own, such as a mask: name → dtype.
        layouts: how the tensors may lie in memory.
        cases: tuples of arguments, the tensors as lists or arrays: every law looks at them. The
            first one is the plainest: a message shows it if all is wrong.
        wild: the same with inf, NaN or the largest numbers, in every float dtype.
        precise: (dtype, arguments): numbers whose digits a narrower dtype does not hold.
        ulps: by how many units in the last place a result may differ, of 1 or of the result.
            A dict gives them by dtype; what it lacks has 8.
        absolute: whether small results may be off by as much as 1 may; else only by their share.
        gradient_ulps: the same for gradients.
        of_largest: dtype → by which share of the largest number in it, or of 1, a result or a
            gradient may be off, in place of all these.
        refused: (arguments, dtypes or None for all, error, hint): what raises.
        forbidden: a regular expression of torch's operations that may not run.
        recorded: whether gradients reach the inputs.
        constants: tensors that may be tracked, and through which no gradient goes.
        draws: whether a call may draw from torch's generators, of the CPU and of the GPU.
        fixes_strides: whether the strides of the result are part of the contract.
        results: what comes back, in words, where it is several tensors: ("the mean", "the count").
            ``truth`` gives as many, and ``gradient`` gets as many weights.
        results_type: what they come back in: tuple or list.
        hints: law → where to look: type, shape, dtype, device, values, wild, precise, gradient,
            tracked, memory, forbidden.
        sentences: name of a test → the sentence that says what it is about, in place of its own.
    """

    name: ClassVar[str]
    tensors: ClassVar[Sequence[str]] = ("x",)
    written: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = FLOATS
    fixed: ClassVar[dict[str, torch.dtype]] = {}
    layouts: ClassVar[Sequence[str]] = tuple(LAYOUTS)
    cases: ClassVar[Sequence[tuple[Any, ...]]] = ()
    wild: ClassVar[Sequence[tuple[Any, ...]]] = ()
    precise: ClassVar[Sequence[tuple[torch.dtype, tuple[Any, ...]]]] = ()
    ulps: ClassVar[float | dict[torch.dtype, float]] = 8
    absolute: ClassVar[bool] = True
    gradient_ulps: ClassVar[float] = 32
    of_largest: ClassVar[dict[torch.dtype, float]] = {}
    refused: ClassVar[Sequence[tuple[Any, ...]]] = ()
    forbidden: ClassVar[str] = ""
    recorded: ClassVar[bool] = True
    constants: ClassVar[Sequence[str]] = ()
    draws: ClassVar[bool] = False
    fixes_strides: ClassVar[bool] = False
    results: ClassVar[Sequence[str]] = ()
    results_type: ClassVar[type] = tuple
    hints: ClassVar[dict[str, str]] = {}
    sentences: ClassVar[dict[str, str]] = {}
    dojo_line: ClassVar[int] = 0  # of the class in its check file

    # ---------------------------------------------------------------- what a kata says

    def truth(self, *arguments: Any) -> Any:
        """Return the right result for arrays of float64, int64, complex128 or bool."""
        raise NotImplementedError

    def result_dtype(self, dtype: torch.dtype) -> Any:
        """Return the dtype of the result for inputs of this one; of several, a tuple of dtypes."""
        return dtype

    def gradient(self, weights: Any, *arguments: Any) -> Any:
        """Return the gradients of ``(truth * weights).sum()``, one for each tensor not ``fixed``.

        Where a kata gives no formula, the truth is differentiated by differences.
        """
        return [
            slopes(self.truth, weights, arguments, index)
            if arguments[index] is not None and name in self.trackable
            else None
            for index, name in enumerate(self.tensors[: len(arguments)])
            if name not in self.fixed
        ]

    @property
    def trackable(self) -> list[str]:
        """The tensors that may require grad."""
        return [name for name in self.tensors if name not in self.fixed]

    @property
    def changeable(self) -> Sequence[str]:
        """The tensors that a call may change."""
        return self.written

    def others(self, *arguments: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return what known mistakes give for these arguments, by the hint that names each."""
        return {}

    def why(self, law: str, arguments: Sequence[Any], got: Any, expected: Any) -> str:
        """Return a hint that names the very mistake of what came back; empty if none is known.

        Here it is that of the first of ``others`` which is what came back, and is not right. A kata
        that knows more, such as of gradients, says so before.

        Args:
            law: what is judged: "type" (``expected`` is None then), "values", "gradient" and so on.
            arguments: the oracle's arguments.
            got, expected: tensors on the CPU of one shape and dtype; any value for "type".
        """
        if law != "values":
            return ""
        with np.errstate(all="ignore"):
            return first_known(self.others(*arguments), got, expected)

    def layouts_of(self, name: str) -> Sequence[str]:  # noqa: ARG002 - for modules
        """Return how this tensor may lie in memory."""
        return self.layouts

    def kind_of(self, name: str) -> str:  # noqa: ARG002 - for modules
        """Return what a message calls this tensor."""
        return "input"

    def why_shape(
        self,
        arguments: Sequence[Any],  # noqa: ARG002
        shape: tuple[int, ...],  # noqa: ARG002
    ) -> str:
        """Return a hint that names the very mistake of a wrong shape; empty if none is known."""
        return ""

    def tensor(self, name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
        """Return a case's numbers as a contiguous tensor of this dtype."""
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.size else value
        return torch.tensor(value, dtype=self.fixed.get(name, dtype))

    def given(self, row: Row, device: str) -> list[Any]:  # noqa: ARG002 - for others' arguments
        """Return the arguments of a call; the tensors among them are made afterwards."""
        return list(row.case)

    def changed(self, arguments: Sequence[Any]) -> str:  # noqa: ARG002 - for what is no tensor
        """Say in words what a call changed of arguments that are no tensors; empty if nothing."""
        return ""

    def other_case(self, arrays: Sequence[Any]) -> list[Any]:
        """Return a case with other numbers: those of each tensor in another order of its own."""
        tensors = arrays[: len(self.tensors)]
        rolled = [one if one is None else np.roll(one, n) for n, one in enumerate(tensors, 1)]
        return rolled + list(arrays[len(self.tensors) :])
