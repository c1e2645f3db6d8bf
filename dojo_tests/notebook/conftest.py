"""Runs cells in an IPython of this process, in a dojo of the test's own, judged by warm workers."""

import shutil
from types import SimpleNamespace

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from dojo.course.katas import Kata
from dojo.notebook.cells import Cell


@pytest.fixture(scope="session")
def cells_of():
    """Makes ordinary cells of texts: those of a notebook ``nb``, numbered from 1."""
    return lambda *texts: [Cell(f"nb, cell {number}", text) for number, text in enumerate(texts, 1)]


@pytest.fixture(scope="session")
def write_notebook():
    """Writes a notebook with these code cells into a file."""

    def write(path, *sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


# ---------------------------------------------------------------- an IPython


@pytest.fixture(scope="module")
def loaded_shell(small_dojo, tmp_path_factory):
    """An IPython in a copy of the small dojo, with the dojo's magics, which a module shares."""
    root = tmp_path_factory.mktemp("notebook") / "copy"
    shutil.copytree(small_dojo, root, ignore=shutil.ignore_patterns(".*"))
    config = Config()
    config.HistoryManager.enabled = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.chdir(root)
        shell = InteractiveShell.instance(config=config)
        shell.run_cell("%load_ext dojo")
        yield SimpleNamespace(shell=shell, root=root)
        shell.run_cell("%unload_ext dojo")
        InteractiveShell.clear_instance()


@pytest.fixture
def notebook(loaded_shell, small_dojo, monkeypatch):
    """Runs cells: ``run`` gives what a cell printed, and the views that it showed.

    What the cells changed in the dojo is put back, and what they defined is forgotten.
    """
    shell, root = loaded_shell.shell, loaded_shell.root
    monkeypatch.chdir(root)
    shell.reset(new_session=True)

    def run(cell):
        with capture_output() as captured:
            shell.run_cell(cell, store_history=True)
        shown = [output.data for output in captured.outputs]
        text = "\n".join([captured.stdout, *(data["text/plain"] for data in shown)])
        html = "\n".join(data.get("text/html", "") for data in shown)
        return SimpleNamespace(text=text, html=html, errors=captured.stderr)

    yield SimpleNamespace(run=run, shell=shell, root=root, kata=Kata("first/k01_double", root))
    shutil.rmtree(root / ".dojo", ignore_errors=True)
    shutil.rmtree(root / "katas")
    shutil.copytree(small_dojo / "katas", root / "katas")
