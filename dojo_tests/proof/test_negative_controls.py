"""The checks themselves: spoilt outputs of the reference are red, for every kata and function."""

import inspect
import textwrap

import pytest

from dojo.course.statement import read_statement
from dojo.verdict.model import GREEN

CONTROLS = ("zeros", "input", "shuffled", "shifted", "none", "other_library", "dtype")


def spoil(kind, mark, function):
    """Wrap a function so that what it returns is spoilt, and the file ``mark`` tells that it was.

    Runs inside the judged file. Random outputs are not shuffled or shifted: they stay right.
    """
    import inspect
    from pathlib import Path

    import numpy as np
    import torch

    def one(value, args):
        is_tensor, is_array = isinstance(value, torch.Tensor), isinstance(value, np.ndarray)
        if kind == "none":
            return None
        if not is_tensor and not is_array:
            return value
        if kind == "zeros":
            return value * 0
        if kind == "input":
            sources = [arg for arg in args if isinstance(arg, torch.Tensor)]
            return sources[0].detach().clone() if sources else value
        if kind == "other_library":
            return torch.as_tensor(value.copy()) if is_array else np.array(value.detach().tolist())
        if kind == "dtype":
            if is_array:
                return value.astype("float32" if value.dtype == "float64" else "float64")
            return value.to(torch.float32 if value.dtype == torch.float64 else torch.float64)
        if kind == "shuffled":
            if value.ndim == 0 or value.shape[0] < 2:
                return value
            shuffled = value[::-1].copy() if is_array else value.flip(0)
            return value if bool((shuffled == value).all()) else shuffled
        floating = value.dtype.kind == "f" if is_array else value.is_floating_point()
        if not floating:
            return value
        if is_array:
            return value + np.asarray(1e-5 + 1e-5 * np.abs(value), value.dtype) * 20
        return value + (1e-5 + torch.finfo(value.dtype).eps * 80 * value.abs()) * 10

    # a function that is told a seed draws from a generator of its own
    takes_seed = "seed" in inspect.signature(function).parameters

    def wrapper(*args, **kwargs):
        before = torch.get_rng_state()
        value = function(*args, **kwargs)
        is_random = takes_seed or not torch.equal(before, torch.get_rng_state())
        if is_random and kind in ("shuffled", "shifted"):
            return value
        if isinstance(value, tuple):
            spoilt = tuple(one(item, args) for item in value)
            changed = any(a is not b for a, b in zip(spoilt, value, strict=True))
        else:
            spoilt = one(value, args)
            changed = spoilt is not value
        if changed:
            Path(mark).touch()
        return spoilt

    return wrapper


def pytest_generate_tests(metafunc):
    """One case for every function of every kata."""
    from dojo.course.katas import find_katas

    if "function" not in metafunc.fixturenames:
        return
    root = metafunc.config.rootpath
    cases = [
        (kata, name)
        for kata in find_katas(root)
        for name, public in read_statement(kata.reference).names.items()
        if not public.is_class
    ]
    metafunc.parametrize(
        "owner, function", cases, ids=[f"{kata.stem}-{name}" for kata, name in cases]
    )


@pytest.mark.parametrize("control", CONTROLS)
def test_a_spoilt_output_is_red(owner, function, control, tmp_path, judge_source):
    mark = tmp_path / "spoilt"
    source = "\n".join(
        [
            owner.reference.read_text(encoding="utf-8"),
            textwrap.dedent(inspect.getsource(spoil)),
            f"{function} = spoil({control!r}, {str(mark)!r}, {function})",
        ]
    )
    verdict = judge_source(owner, source, device="cpu")
    if not mark.exists():
        assert verdict.state == GREEN, "the control did nothing and yet the reference is not green"
        pytest.skip(f"{control} does not apply to what {function} returns")
    assert verdict.state != GREEN
