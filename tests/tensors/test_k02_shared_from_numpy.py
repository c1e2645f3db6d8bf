"""The checks of tensors/k02_shared_from_numpy: writes on each side, and arrays to refuse."""

import contextlib
import warnings

import numpy as np
import torch

from dojo.checks import Benchmark, CheckFailed, aspect, describe, expect, numbers
from dojo.checks.laws import TensorFromArray
from dojo.checks.laws.tensor_from_array import facts_of

UNLOCKED = "made a read-only array writeable; expected ValueError, and the array as it was."
ERROR = "A ValueError is expected for {what}, and no other error."
REFUSED = "returned {got} for {what}, at call {n}; expected ValueError."
NEGATIVE = "No stride of a tensor is negative, so this memory cannot be shared: refuse the array."
READ_ONLY = "torch warns of such an array once at most. Ask the array itself, at each call."

BENCHMARK = Benchmark(
    "from_numpy_shared",
    means="array: shape (n,), float32",
    inputs=lambda n: (np.arange(n, dtype=np.float32),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=torch.tensor,  # copies
    only_cpu=True,
)


def locked(array):
    """The array, which nobody may write to any more."""
    array.flags.writeable = False
    return array


@contextlib.contextmanager
def torch_warns(is_first):
    """torch warns of a read-only array at the first call alone, whatever was called before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's warning need not be prevented
        torch.from_numpy(locked(np.zeros(1)))  # it comes once in a process: that was it
        torch.set_warn_always(is_first)
        try:
            yield
        finally:
            torch.set_warn_always(False)


def described(got, array):
    """What came back in place of an error: a copy, shared memory, or something else."""
    if not isinstance(got, torch.Tensor):
        return describe(got)
    if array.size == 0:
        return "a tensor"
    return "shared memory" if got.data_ptr() == array.ctypes.data else "a copy"


class TestFromNumpyShared(TensorFromArray):
    name = "from_numpy_shared"
    hints = {
        "keep": "Wrap the array as it is, without changing its dtype or shape.",
        "memory": "Read what comes in, and leave it as it is, its flags too.",
    }

    def expect_refused(self, solution, array, what, hint):
        """ValueError at each of three calls, and the array is left as it was."""
        solution.hint = ERROR.format(what=what)
        facts, before = facts_of(array), array.tobytes()
        for n in (1, 2, 3):
            got = None
            with contextlib.suppress(ValueError), torch_warns(n == 1):
                got = described(solution.from_numpy_shared(array), array)
            is_unlocked = array.flags.writeable and not facts[-1]
            expect(not is_unlocked, UNLOCKED, self.hint("memory"))
            is_same = facts_of(array) == facts and array.tobytes() == before
            expect(is_same, f"changed {what}.", self.hint("memory"))
            if got:
                raise CheckFailed(REFUSED.format(got=got, what=what, n=n), hint)

    @aspect("errors")
    def test_refuses_negative_strides(self, solution):
        """An array with a negative stride raises ValueError, every time."""
        for dtype in ("float64", "int32"):
            matrix = numbers((2, 3), dtype)
            vectors = numbers((3,), dtype)[::-1], numbers((1,), dtype)[::-1]
            inner = numbers((2, 3, 2), dtype)[:, ::-1]
            for array in (*vectors, matrix[::-1], matrix[:, ::-2], matrix.T[::-1], inner):
                self.expect_refused(solution, array, "an array with a negative stride", NEGATIVE)

    @aspect("errors")
    def test_refuses_read_only_arrays(self, solution):
        """A read-only array raises ValueError, every time."""
        arrays = [locked(numbers((2, 3))), locked(numbers(())), locked(numbers((2, 3)).T)]
        arrays += [np.frombuffer(bytes(8), dtype="uint8"), np.broadcast_to(numbers((3,)), (2, 3))]
        arrays += [locked(numbers((7,))[1:4]), locked(numbers((3,), "int64"))]
        arrays += [locked(numbers(shape)) for shape in ((1,), (0,), (0, 3))]
        for array in arrays:
            self.expect_refused(solution, array, "a read-only array", READ_ONLY)

    @aspect("errors")
    def test_shares_after_it_has_refused(self, solution):
        """An array that can be shared is shared, also after others were refused."""
        array = numbers((2, 3))
        self.expect_refused(solution, array[::-1], "an array with a negative stride", NEGATIVE)
        self.expect_refused(solution, locked(array.copy()), "a read-only array", READ_ONLY)
        self.expect_shared(self.answer(solution, array), array, self.hint("shared"))
