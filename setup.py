"""Puts the course into the wheel: its files lie beside the package ``dojo``, and are no modules."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
TREES = ("katas", "reference", "tests", "impostors", "starter")


class BuildWithCourse(build_py):
    """Copies the course to ``dojo/_course``; an editable install reads it from the clone."""

    def run(self):
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "dojo" / "_course"
            shutil.rmtree(target, ignore_errors=True)  # what an earlier build left there
            for source, copy in self._files(target):
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)

    def get_outputs(self, include_bytecode=True):
        target = Path(self.build_lib) / "dojo" / "_course"
        return [
            *super().get_outputs(include_bytecode),
            *(str(copy) for _, copy in self._files(target)),
        ]

    def _files(self, target):
        """Yield each file of the course, and the path of its copy."""
        for tree in TREES:
            for file in sorted((HERE / tree).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield file, target / file.relative_to(HERE)
        yield HERE / "conftest.py", target / "starter" / "conftest.py"


setup(cmdclass={"build_py": BuildWithCourse})
