"""Pytest and editors show a check where it can be edited."""

import subprocess
import sys

SHOW = """
import pytest

class Show:
    def pytest_collection_finish(self, session):
        print({item.location[:2] for item in session.items if item.cls is not None})

pytest.main(["--collect-only", "-qq", "tests/layers/test_k06_layer_norm.py"], plugins=[Show()])
"""


def test_a_law_is_shown_at_the_class_in_the_file_of_checks(root):
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=root, capture_output=True, text=True, check=False
    )
    file = "tests/layers/test_k06_layer_norm.py"
    lines = (root / file).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines) if text.startswith("class Test"))
    assert str({(file, line)}) in done.stdout
