"""What an editor's list of tests asks of pytest is right in a clone and in a learner's folder.

VS Code builds its tree from the path, the node id and the name of each item, names those that a
click runs by them, and hears of each outcome from pytest's own reports.
"""

import json
import subprocess
import sys

import pytest

SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)\n"
ASKS = """
import json
import pytest

paths, outcomes = {}, {}

def absolute(nodeid, path):
    return "::".join([str(path), *nodeid.split("::")[1:]])

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_protocol(item, nextitem):
    paths[item.nodeid] = item.path
    yield

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_report_teststatus(report, config):
    if report.when == "call":
        name = absolute(report.nodeid, paths[report.nodeid])
        outcomes[name] = report.outcome, report.longreprtext
    yield

def pytest_sessionfinish(session):
    rows = []
    for item in session.items:
        file = item.getparent(pytest.File).path
        rows.append([absolute(item.nodeid, item.path), str(file), item.originalname, item.name])
    with open("asked.json", "w") as out:
        json.dump([rows, outcomes], out)
"""


def run_python(folder, *arguments):
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)


@pytest.fixture(params=["clone", "learner's folder"])
def editor(request, tmp_path):
    """Runs pytest with what VS Code's extension asks of it.

    It gives the folder, the file under which the checks of the first kata are listed, and a
    function that returns what was told of the items, and the outcomes.
    """
    if request.param == "clone":
        folder, python = request.getfixturevalue("own_dojo"), run_python
        file = folder / "tests" / "first" / "test_k01_double.py"
    else:
        folder = request.getfixturevalue("learner")
        python = request.getfixturevalue("installed").python
        file = folder / "katas" / "first" / "k01_double.py"
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "asks_items.py").write_text(ASKS, encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(plugin)!r}); import pytest; pytest.main(sys.argv[1:])"
    )

    def ask(*arguments):
        python(folder, "-c", code, "-p", "asks_items", *arguments)
        return json.loads((folder / "asked.json").read_text(encoding="utf-8"))

    return folder, str(file), ask


def test_each_check_is_listed_once_below_a_file_of_the_folder(editor):
    folder, file, ask = editor
    rows, _ = ask("--collect-only", "-q")
    names = [row[0] for row in rows]
    assert len(set(names)) == len(names) > 0
    assert {row[1] for row in rows if "k01_double" in row[1]} == {file}
    for name, of_file, origin, item in rows:
        assert name.startswith(f"{of_file}::")
        assert name.endswith(f"::{item}")
        assert item.startswith(origin)
        assert of_file.startswith(str(folder))


def test_checks_that_are_named_as_they_are_listed_are_told_of_under_that_name(editor):
    folder, file, ask = editor
    (folder / "katas" / "first" / "k01_double.py").write_text(SQUARES, encoding="utf-8")
    rows, _ = ask("--collect-only", "-q", file)
    names = [row[0] for row in rows]
    _, outcomes = ask(*names)
    assert sorted(outcomes) == sorted(names)
    assert any(state == "failed" and "double(" in text for state, text in outcomes.values())
    _, outcomes = ask(names[-1])
    assert list(outcomes) == [names[-1]]
