"""The vocabulary of the checks: what a check says of a tensor, worded for the learner.

Every ``expect_…`` compares exactly what it names and raises ``CheckFailed`` with the learner's
call, their numbers and the expected ones. It knows nothing of pytest or of how a failure is
shown. Comparisons run with torch's function modes and subclasses switched off, so no object
that a learner returns takes part in its own judgement.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch

from dojo.devices import device_of

ASPECTS = (
    "type",
    "shape",
    "dtype",
    "device",
    "values",
    "gradient",
    "memory",
    "errors",
    "structure",
    "cost",
)

Function = TypeVar("Function", bound=Callable[..., Any])

# Relative and absolute, as in ``torch.testing.assert_close``. That function itself would do, but
# its first call imports torch.distributed, which takes a third of the time of importing torch.
TOLERANCES = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}

_SMALL = 12  # elements of a tensor that a message shows in full
_GRID = 64  # elements of a tensor that a screen draws
_LONG_CALL = 100  # characters of a call from which on shapes stand for values


class CheckFailed(AssertionError):
    """What the learner did wrong: one sentence, and where to look.

    Attributes:
        sentence: what came back and what was expected.
        hint: one sentence on where to look, or empty.
        got, expected: the two tensors or values, where there are two to draw.
    """

    def __init__(self, sentence: str, hint: str = "", got: object = None, expected: object = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.got = got
        self.expected = expected


def aspect(name: str) -> Callable[[Function], Function]:
    """Mark a check with the aspect it judges, one of ``ASPECTS``."""
    if name not in ASPECTS:
        raise ValueError(f"unknown aspect {name!r}; one of {', '.join(ASPECTS)}")

    def mark(function: Function) -> Function:
        function.__dojo_aspect__ = name  # type: ignore[attr-defined]
        return function

    return mark


def aspect_of(function: object) -> str:
    """The aspect that a check was marked with, or an empty string."""
    return getattr(function, "__dojo_aspect__", "")


# ------------------------------------------------------------------ wording


def plain(function: Function) -> Function:
    """Run a helper without torch function modes, so that it sees real memory on the CPU."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with torch._C.DisableTorchFunction():
            was_enabled = torch.is_grad_enabled()
            torch._C._set_grad_enabled(False)  # in a fifth of the time of torch.no_grad()
            try:
                return function(*args, **kwargs)
            finally:
                torch._C._set_grad_enabled(was_enabled)

    return wrapper  # type: ignore[return-value]


def dtype_name(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


@plain
def describe(value: object) -> str:
    """A value as a short phrase: its kind, dtype, shape and, where small, its numbers."""
    if isinstance(value, torch.Tensor):
        kind = "" if type(value) is torch.Tensor else f"{type(value).__name__} "
        if value.layout != torch.strided:
            kind += f"{str(value.layout).removeprefix('torch.')} "
        where = f" on {device_of(value)}" if device_of(value).type != "cpu" else ""
        kind = _a(f"{kind}{dtype_name(value.dtype)} tensor")
        return f"{kind} of shape {tuple(value.shape)}{where}" + _numbers(value)
    if isinstance(value, np.ndarray):
        return f"{_a(str(value.dtype))} ndarray of shape {value.shape}" + _numbers(value)
    if isinstance(value, tuple) and value and len(value) <= 3:
        return f"a tuple of ({'; '.join(describe(item) for item in value)})"
    return _short(repr(value)) if _plain_repr(value) else f"an object of type {_type(value)}"


_PLAIN_TYPES = {
    int,
    float,
    str,
    bool,
    type(None),
    list,
    set,
    dict,
    tuple,
    torch.device,
    torch.dtype,
}


def _plain_repr(value: object) -> bool:
    return type(value) in _PLAIN_TYPES


def _type(value: object) -> str:
    module = type(value).__module__.partition(".")[0]
    prefix = f"{module}." if module in ("torch", "numpy") else ""
    return prefix + type(value).__name__


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _numbers(value: Any) -> str:
    """The elements of a small array, after a blank; nothing for a large or strange one."""
    numbers = _few(value)
    return "" if numbers is None else f" {_rounded(numbers)}"


def _few(value: Any) -> Any:
    """The elements of a small array as ``tolist`` gives them; None for a large or strange one."""
    try:
        size = value.numel() if isinstance(value, torch.Tensor) else value.size
        return value.tolist() if size <= _SMALL else None
    except (RuntimeError, NotImplementedError):  # a lazy or sparse tensor has no list
        return None


def _rounded(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_rounded(item) for item in value)}]"
    if isinstance(value, float):
        text = f"{value:.6g}"
        return f"{text}." if text.lstrip("-").isdigit() else text  # 1. as torch prints it
    return str(value)


@plain
def grid_of(value: object) -> list[list[str]]:
    """The numbers of a small tensor or array as rows of text, for a screen; else no rows."""
    if not isinstance(value, torch.Tensor | np.ndarray) or value.ndim > 2:
        return []
    rows = value.reshape(1, -1).tolist() if value.ndim < 2 else value.tolist()
    if sum(map(len, rows)) > _GRID:
        return []
    return [[_rounded(number) for number in row] for row in rows]


class Call:
    """A call as the learner would write it, with the values, where they are few, that it got.

    To word it takes longer than most calls, and few of them are shown: so that waits for ``str``.
    """

    def __init__(self, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        self._name = name
        with torch._C.DisableTorchFunction():
            self._args = [_seen(value) for value in args]
            self._kwargs = {key: _seen(value) for key, value in kwargs.items()}

    def __str__(self) -> str:
        text = self._text(with_values=True)
        return text if len(text) <= _LONG_CALL else self._text(with_values=False)

    def _text(self, with_values: bool) -> str:
        words = [_argument(seen, with_values) for seen in self._args]
        words += [f"{key}={_argument(seen, with_values)}" for key, seen in self._kwargs.items()]
        return f"{self._name}({', '.join(words)})"


class _Array(NamedTuple):
    """What is told of a tensor or array that is an argument."""

    kind: str
    dtype: object
    shape: Sequence[int]
    device: torch.device | None
    numbers: Any  # a list, a number, or None where they are many


def _seen(value: object) -> _Array | str:
    """What can be told of an argument later, when the call has changed it."""
    if isinstance(value, torch.Tensor):
        return _Array("tensor", value.dtype, value.shape, device_of(value), _few(value))
    if isinstance(value, np.ndarray):
        return _Array("array", value.dtype, value.shape, None, _few(value))
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, list | tuple) and not _plain_items(value):
        return f"<{type(value).__name__} of {len(value)}>"
    return _short(repr(value), 40) if _plain_repr(value) else f"<{type(value).__name__}>"


def _argument(seen: _Array | str, with_values: bool) -> str:
    if isinstance(seen, str):
        return seen
    is_elsewhere = seen.device is not None and seen.device.type != "cpu"
    if not with_values or seen.numbers is None:
        where = f" on {seen.device}" if is_elsewhere else ""
        return f"<{dtype_name(seen.dtype)} {tuple(seen.shape)}{where}>"
    dtype = "" if seen.dtype == torch.float32 else f", dtype={dtype_name(seen.dtype)}"
    place = ", device='cuda'" if is_elsewhere else ""
    return f"{seen.kind}({_rounded(seen.numbers)}{dtype}{place})"


def _plain_items(value: Sequence[object]) -> bool:
    return all(type(item) in (int, float, str, bool, type(None)) for item in value)


# ------------------------------------------------------------------ expectations


def expect(condition: bool, sentence: str, hint: str = "") -> None:
    """Fail with the sentence unless the condition, a real bool, holds."""
    __tracebackhide__ = True
    if condition is not True:
        raise CheckFailed(sentence, hint)


def expect_tensor(got: Any, hint: str = "", what: str = "") -> None:
    """The value is a ``torch.Tensor`` (or ``nn.Parameter``) itself, not a subclass."""
    __tracebackhide__ = True
    if type(got) is torch.Tensor or type(got) is torch.nn.Parameter:
        if got.layout == torch.strided:
            return
        hint = hint or "A dense tensor is asked for: how is a sparse one turned into one?"
    if got is None:
        hint = hint or "Does every path of your function end in a return?"
    raise CheckFailed(f"{_returned(what)} {describe(got)}; expected a torch.Tensor.", hint)


def _a(word: str) -> str:
    """The word with its article: an int64."""
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def _returned(what: str) -> str:
    return f"returned as {what}" if what else "returned"


def expect_shape(got: Any, shape: Sequence[int], hint: str = "", what: str = "") -> None:
    """The tensor has exactly this shape."""
    __tracebackhide__ = True
    expect_tensor(got, what=what)
    if tuple(got.shape) != tuple(shape):
        raise CheckFailed(
            f"{_returned(what)} a tensor of shape {tuple(got.shape)}; "
            f"expected shape {tuple(shape)}.",
            hint,
        )


def expect_dtype(got: Any, dtype: torch.dtype, hint: str = "", what: str = "") -> None:
    """The tensor has exactly this dtype."""
    __tracebackhide__ = True
    expect_tensor(got, what=what)
    if got.dtype != dtype:
        raise CheckFailed(
            f"{_returned(what)} {_a(dtype_name(got.dtype))} tensor; expected {dtype_name(dtype)}.",
            hint,
        )


def expect_device(got: Any, device: str, hint: str = "", what: str = "") -> None:
    """The tensor lies on this kind of device ("cpu" or "cuda")."""
    __tracebackhide__ = True
    expect_tensor(got, what=what)
    if device_of(got).type != torch.device(device).type:
        raise CheckFailed(
            f"{_returned(what)} a tensor on {device_of(got)}; expected one on {device}.", hint
        )


@plain
def expect_values(
    got: Any,
    expected: torch.Tensor,
    hint: str = "",
    what: str = "",
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Same shape, same dtype, and every element close; NaN equals NaN.

    Tolerances are ``TOLERANCES`` of the dtype unless given; pass 0 for exact.
    """
    __tracebackhide__ = True
    expect_shape(got, expected.shape, hint, what)
    expect_dtype(got, expected.dtype, hint, what)
    a, b = got.detach().cpu(), expected.detach().cpu()
    if places := _differing(a, b, rtol, atol):
        message = _difference(a, b, tuple(places[0]), len(places), what)
        raise CheckFailed(message, hint, got=a, expected=b)


def _differing(
    a: torch.Tensor, b: torch.Tensor, rtol: float | None = None, atol: float | None = None
) -> list[list[int]]:
    """The indices at which two tensors of one shape and dtype are not close; NaN equals NaN."""
    if torch.equal(a, b):
        return []  # the usual case
    if not a.is_floating_point() and not a.is_complex():
        return (a != b).nonzero().tolist()
    if rtol is None and atol is None:
        rtol, atol = TOLERANCES[a.dtype]
    close = torch.isclose(a, b, rtol=rtol or 0.0, atol=atol or 0.0, equal_nan=True)
    return (~close).nonzero().tolist()


@plain
def expect_elements(
    got: Any, numbers: np.ndarray, expected: np.ndarray, hint: str = "", name: str = "x"
) -> None:
    """The result holds the expected elements of an input; a wrong one is named by its place there.

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
        message = _difference_in_words(got_one, expected_one, index, len(places), found.size)
        raise CheckFailed(message, hint, got=got, expected=torch.tensor(expected))


def _element(name: str, numbers: np.ndarray, value: Any) -> str:
    """The value as an element of the input, such as ``x[0, 2]``, or the number that it is."""
    places = np.argwhere(numbers == value).tolist()
    return f"{name}{places[0]}" if places else f"{value:.6g}"


def _difference(a: Any, b: Any, index: tuple[int, ...], count: int, what: str) -> str:
    """What came back at the first place that differs, what was expected, and how many differ."""
    got, expected = _rounded(a[index].tolist()), _rounded(b[index].tolist())
    if got == expected:  # differ only behind the sixth digit
        got, expected = repr(a[index].tolist()), repr(b[index].tolist())
    return _difference_in_words(got, expected, index, count, math.prod(a.shape), what)


def _difference_in_words(
    got: str, expected: str, index: tuple[int, ...], count: int, size: int, what: str = ""
) -> str:
    at = f"at index {index}" if index else "in its only element"
    many = f" ({count} of {size} elements differ)." if size > 1 else "."
    return f"{_returned(what)} {got} {at}; expected {expected}{many}".replace("..", ".")


def expect_array(got: Any, expected: np.ndarray, hint: str = "", what: str = "") -> None:
    """Exactly a ``numpy.ndarray`` with this shape, this dtype and these very values."""
    __tracebackhide__ = True
    if type(got) is not np.ndarray:
        raise CheckFailed(f"{_returned(what)} {describe(got)}; expected a numpy.ndarray.", hint)
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{_returned(what)} an array of shape {got.shape}; expected shape {expected.shape}.",
            hint,
        )
    if got.dtype != expected.dtype:
        raise CheckFailed(
            f"{_returned(what)} {_a(str(got.dtype))} array; expected {expected.dtype}.", hint
        )
    differ = (got != expected) & ~((got != got) & (expected != expected))  # NaN equals NaN
    if differ.any():
        places = np.argwhere(differ).tolist()
        message = _difference(got, expected, tuple(places[0]), len(places), what)
        raise CheckFailed(message, hint, got=got, expected=expected)


def expect_same_object(got: object, x: object, hint: str = "", what: str = "x") -> None:
    """The very object that went in came out."""
    __tracebackhide__ = True
    if got is not x:
        kind = "a new tensor" if isinstance(got, torch.Tensor) else describe(got)
        raise CheckFailed(f"returned {kind}; expected {what} itself.", hint)


@plain
def _address(x: torch.Tensor) -> tuple[int, int, int]:
    return x.untyped_storage()._cdata, x.storage_offset(), x.untyped_storage().data_ptr()


@plain
def shares_storage(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors lie in one storage (two storages on one buffer count as one)."""
    x, y = a.untyped_storage(), b.untyped_storage()
    if x._cdata == y._cdata:
        return True
    return x.nbytes() > 0 and y.nbytes() > 0 and x.data_ptr() == y.data_ptr()


def expect_view(got: Any, base: torch.Tensor, hint: str = "", what: str = "") -> None:
    """The result lies in the base's own memory: nothing was copied."""
    __tracebackhide__ = True
    expect_tensor(got, what=what)
    if not shares_storage(got, base):
        raise CheckFailed(f"{_returned(what)} a copy; expected a view of the input's memory.", hint)


def expect_new_memory(got: Any, *inputs: torch.Tensor, hint: str = "") -> None:
    """The result shares memory with none of the inputs."""
    __tracebackhide__ = True
    expect_tensor(got)
    for x in inputs:
        if got is x:
            raise CheckFailed("returned its input itself; expected a new tensor.", hint)
        if shares_storage(got, x):
            raise CheckFailed(
                "returned a tensor that lies in its input's memory; expected a new one.", hint
            )


@contextlib.contextmanager
def untouched(hint: str = "", **inputs: torch.Tensor) -> Iterator[None]:
    """The inputs come out of the block as they went in: values, layout, dtype and autograd state.

    Args:
        hint: where to look if one did change.
        inputs: the tensors by the names that the learner knows.
    """
    __tracebackhide__ = True
    before = {name: _state(x) for name, x in inputs.items()}
    yield
    for name, x in inputs.items():
        _expect_state(name, x, before[name], hint)


@plain
def _state(x: torch.Tensor) -> tuple[torch.Tensor, dict[str, object]]:
    return x.detach().clone(), _facts(x)


def _facts(x: torch.Tensor) -> dict[str, object]:
    return {
        "shape": tuple(x.shape),
        "strides": x.stride(),
        "dtype": x.dtype,
        "device": device_of(x),
        "memory": _address(x),
        "requires_grad": x.requires_grad,
        "gradient function": x.grad_fn,
    }


@plain
def _expect_state(
    name: str, x: torch.Tensor, before: tuple[torch.Tensor, dict[str, object]], hint: str
) -> None:
    __tracebackhide__ = True
    values, facts = before
    now = _facts(x)
    for fact, value in facts.items():
        if now[fact] != value:
            change = "" if fact == "memory" else f" from {value} to {now[fact]}"
            raise CheckFailed(f"changed the {fact} of its input {name}{change}.", hint)
    if _differing(x.detach(), values, 0, 0):
        is_small = x.numel() <= _SMALL
        change = f": it was{_numbers(values)} and is now{_numbers(x)}" if is_small else ""
        raise CheckFailed(f"changed the values of its input {name}{change}.", hint)


def expect_raises(
    error: type[Exception], call: Callable[[], object], hint: str = "", what: str = ""
) -> None:
    """The call raises this error (or a subclass) from the learner's code, and no other one."""
    __tracebackhide__ = True
    where = f" for {what}" if what else ""
    try:
        got = call()
    except NotImplementedError:  # what is not started; it is a RuntimeError, too
        raise
    except error:
        return
    except Exception as other:
        sentence = f"raised {type(other).__name__}{where}; expected {error.__name__}."
        raise CheckFailed(sentence, hint) from other
    raise CheckFailed(f"returned {describe(got)}{where}; expected {error.__name__}.", hint)


# ------------------------------------------------------------------ gradients


def random_like(x: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Numbers in ±[0.5, 1.5], away from zero, with x's shape, dtype and device."""
    generator = torch.Generator().manual_seed(seed)
    size = torch.rand(tuple(x.shape), generator=generator, dtype=torch.float64) + 0.5
    sign = torch.randint(0, 2, tuple(x.shape), generator=generator) * 2 - 1
    return (size * sign).to(x.dtype).to(x.device)


def gradients(
    output: Any, inputs: Mapping[str, torch.Tensor], cotangent: torch.Tensor, hint: str = ""
) -> dict[str, torch.Tensor]:
    """The gradients of ``(output * cotangent).sum()``; a missing one is a failure."""
    __tracebackhide__ = True
    expect_tensor(output)
    if not output.requires_grad:
        raise CheckFailed("returned a tensor that autograd does not track.", hint)
    # to hand the cotangent to torch.autograd.grad would make that import a good part of torch
    total = (output * cotangent).sum()
    found = torch.autograd.grad(total, list(inputs.values()), allow_unused=True, retain_graph=True)
    for name, gradient in zip(inputs, found, strict=True):
        if gradient is None:
            raise CheckFailed(f"is cut off from autograd: no gradient reaches {name}.", hint)
    return dict(zip(inputs, found, strict=True))


def expect_gradients(
    output: Any,
    inputs: Mapping[str, torch.Tensor],
    cotangent: torch.Tensor,
    expected: Mapping[str, torch.Tensor],
    hint: str = "",
) -> None:
    """Every gradient has the expected shape, dtype and values.

    Args:
        output: what the learner returned.
        inputs: leaves that require grad, by the names that the learner knows.
        cotangent: weights of the output's elements, same shape as output.
        expected: the gradients in closed form, by the same names.
        hint: where to look.
    """
    __tracebackhide__ = True
    found = gradients(output, inputs, cotangent, hint)
    for name in expected:
        expect_values(found[name], expected[name], hint, what=f"the gradient of {name}")


def graph_nodes(x: torch.Tensor) -> list[Any]:
    """The distinct autograd nodes that x's history reaches, without recursion."""
    seen, queue = set(), [x.grad_fn] if x.grad_fn is not None else []
    nodes: list[Any] = []
    while queue:
        node = queue.pop()
        if node in seen:
            continue
        seen.add(node)
        nodes.append(node)
        queue += [parent for parent, _ in node.next_functions if parent is not None]
    return nodes


# ------------------------------------------------------------------ inputs


def _contiguous(x: torch.Tensor) -> torch.Tensor:
    return x.clone(memory_format=torch.contiguous_format)


def _transposed(x: torch.Tensor) -> torch.Tensor:
    reversed_dims = tuple(reversed(range(x.dim())))
    return _contiguous(x.permute(reversed_dims)).permute(reversed_dims)


def _every_second(x: torch.Tensor) -> torch.Tensor:
    spread = x.new_zeros(*x.shape, 2)
    spread[..., 1] = x
    return spread[..., 1]


def _at_an_offset(x: torch.Tensor) -> torch.Tensor:
    longer = x.new_zeros(x.numel() + 3)
    longer[3:] = x.reshape(-1)
    return longer[3:].view(x.shape)


_LAYOUTS = {
    "contiguous": _contiguous,
    "transposed": _transposed,
    "every second element": _every_second,
    "at an offset": _at_an_offset,
}


def in_layout(x: torch.Tensor, kind: str) -> torch.Tensor:
    """A tensor equal to x in memory of its own, in one of the layouts of ``layouts``."""
    return _LAYOUTS[kind](x)


def layouts(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same values in different memory layouts, none of them overlapping.

    Returns:
        name → a tensor equal to x: contiguous, with reversed strides, every second element of
        a larger memory, and at an offset into one.
    """
    return {kind: in_layout(x, kind) for kind in _LAYOUTS}


# ------------------------------------------------------------------ statements


def expect_statements(got: object, truth: Mapping[str, tuple[bool, str]]) -> None:
    """The answer is exactly the set of letters of the true statements.

    Args:
        got: the learner's set of letters.
        truth: letter → whether its statement is true, and why.
    """
    __tracebackhide__ = True
    if not isinstance(got, set | frozenset) or not all(type(item) is str for item in got):
        raise CheckFailed(
            f"returned {describe(got)}; expected a set of letters such as {{'A', 'B'}}."
        )
    unknown = sorted(set(got) - set(truth))
    if unknown:
        raise CheckFailed(
            f"returned the letter {unknown[0]!r}; the statements are {', '.join(truth)}."
        )
    wrong = [letter for letter in truth if (letter in got) != truth[letter][0]]
    if not wrong:
        return
    letter = wrong[0]
    fault = "lists" if letter in got else "leaves out"
    kind = "false" if letter in got else "true"
    raise CheckFailed(
        f"{fault} {letter}, which is {kind} ({len(wrong)} of {len(truth)} letters are wrong).",
        truth[letter][1],
    )
