"""Checks that a learner's file defines the kata's public names, with signatures that fit."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path

from dojo.course.katas import shown_path
from dojo.course.statement import PublicName
from dojo.files.atomic import content_of
from dojo.judge.learner_lines import line_of
from dojo.judge.loading import LoadError
from dojo.verdict.model import RED


def require_names(
    module: types.ModuleType, names: dict[str, PublicName], path: Path, root: Path
) -> None:
    """Check that the file has the kata's public names, with signatures that can be called.

    Parameters without a default may have other names than the stub's, since they are passed by
    position; those with a default keep theirs.

    Raises:
        LoadError: a name is missing, is not callable, or takes other arguments.
    """
    shown = shown_path(path, root)
    for public in names.values():
        kind = "class" if public.is_class else "function"
        if not hasattr(module, public.name):
            line = len(content_of(path).splitlines())
            raise LoadError(
                f"{shown}, line {line}: your file ends without a {kind} {public.name}. "
                f"Write it again: {public.signature}",
                shown,
                line,
                RED,
            )
        value = getattr(module, public.name)
        line = line_of(value, path) or 1
        if not callable(value) or (public.is_class and not isinstance(value, type)):
            raise LoadError(
                f"{shown}, line {line}: {public.name} is a {type(value).__name__}, not a {kind}. "
                f"Define it as {public.signature}",
                shown,
                line,
                RED,
            )
        if not _accepts(value, public):
            raise LoadError(
                f"{shown}, line {line}: {public.name} takes other arguments than the kata's. "
                f"Its signature is {public.signature}",
                shown,
                line,
                RED,
            )


def _accepts(value: Callable[..., object], public: PublicName) -> bool:
    """Whether a callable takes every call that the kata's signature allows."""
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):  # a built-in such as torch.matmul has none
        return True
    arguments = public.arguments
    positional = [arg.arg for arg in arguments.args if arg.arg != "self"]
    required = len(positional) - len(arguments.defaults)
    optional = positional[required:]
    keyword_only = {arg.arg for arg in arguments.kwonlyargs}
    needed = {
        arg.arg
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    by_position = [object()] * required
    try:
        signature.bind(*by_position, **dict.fromkeys(needed))
        signature.bind(*by_position, **dict.fromkeys([*optional, *keyword_only]))
        signature.bind(*[object()] * len(positional), **dict.fromkeys(keyword_only))
    except TypeError:
        return False
    return True
