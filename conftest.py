"""Names the dojo's pytest plugin, so that the judge is there even where only pytest is run.

Where this pytest lacks the dojo or what it needs, it says in a sentence what to do.
"""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_MISSING = [name for name in ("dojo", "torch", "numpy") if find_spec(name) is None]

if _MISSING:

    def pytest_addoption() -> None:
        """End the run before pytest reads its options, which it does not all know."""
        root = Path(__file__).parent
        own = next(root.glob(".venv/*/pytest*"), None)
        install = f"Run {own} instead, or install" if own else "Install"
        command = f"{sys.executable} -m pip install torch-dojo"
        if not (root / "pytest.ini").exists():  # a clone
            clone = shlex.quote(str(root))
            command = f"cd {clone} && {sys.executable} -m pip install -c constraints.txt -e ."
        raise pytest.UsageError(
            f"the Python of this pytest, {sys.executable}, has no {' and no '.join(_MISSING)}. "
            f"{install} the dojo there: {command}"
        )

else:
    pytest_plugins = ["dojo.plugin"]
