"""Tells a learner which names of earlier cells an answer uses, since it must stand alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dojo.notebook.imports import holds_in, needed_imports
from dojo.notebook.magic_lines import parsed
from dojo.notebook.names import missing_names
from dojo.verdict.model import Verdict

_OF_NOTEBOOKS = frozenset({"display", "get_ipython", "In", "Out"})  # and of no file
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def borrowed_note(verdict: Verdict, text: str, namespace: Mapping[str, Any], magic: str) -> str:
    """Return what to add to an answer that fails for want of names which the notebook holds.

    Args:
        verdict: the verdict on the answer.
        text: the answer.
        namespace: what the notebook's cells have defined, and under ``In`` their texts.
        magic: the magic of the cell, such as ``%%kata k03``.

    Returns:
        An empty text where the answer fails for another reason.
    """
    undefined = {name for check in verdict.checks for name in _UNDEFINED.findall(check.message)}
    if foreign := sorted(undefined & _OF_NOTEBOOKS):
        names = _listed([f"`{name}`" for name in foreign])
        return (
            f"The cell must stand alone, as a file does, and only notebooks have {names}. "
            f"Take {'it' if len(foreign) == 1 else 'them'} out of the cell."
        )
    used = missing_names(text) if parsed(text) is not None else []
    missing = [name for name in used if name in namespace]
    if not undefined.intersection(missing):
        return ""
    found = needed_imports(text, namespace.get("In", []), lambda line: holds_in(namespace, line))
    imports = [f"`{each.line}`" for each in found]
    others = [f"`{name}`" for name in missing if name not in {each.name for each in found}]
    parts = [", ".join(imports)] if imports else []
    if others:
        parts.append(f"what {_listed(others)} {'is' if len(others) == 1 else 'are'}")
    names = _listed([f"`{name}`" for name in missing])
    note = (
        f"The cell must stand alone, as a file does. {names} "
        f"{'is' if len(missing) == 1 else 'are'} known only to other cells. "
        f"Add to the cell: {' and '.join(parts)}."
    )
    return f"{note} `{magic} --with-imports` adds the imports for you." if imports else note


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
