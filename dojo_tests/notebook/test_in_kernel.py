"""The magics in a real kernel, as Jupyter runs them."""

import json
import os
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from dojo.progress.record import Progress
from dojo.verdict.model import GREEN

ANSWER = "def double(x):\n    return torch.mul(x, 2)\n"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """The name of a kernel that runs this very Python."""
    folder = tmp_path / "jupyter" / "kernels" / "this_python"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "this Python", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent.parent))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return folder.name


def test_a_notebook_runs_in_a_kernel_and_leaves_no_process(own_dojo, double, kernel):
    sources = [
        "import os, torch\nprint(os.getpid())",
        "%load_ext dojo",
        f"%%kata first/k01 --with-imports\n{ANSWER}",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(own_dojo)}}
    NotebookClient(notebook, timeout=300, kernel_name=kernel, resources=resources).execute()
    (shown,) = notebook.cells[2].outputs
    assert "✓ green" in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("k01_double                   green")
    assert double.stub.read_text() == f"import torch\n{ANSWER}"
    assert Progress(own_dojo).state(double) == GREEN
    with pytest.raises(ProcessLookupError):
        os.kill(int(notebook.cells[0].outputs[0].text), 0)
