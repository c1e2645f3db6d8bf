"""What a learner reads, and what other programs do with a run, as plain pytest in a process."""

import hashlib
import re
import xml.etree.ElementTree as ET

import pytest

from dojo.course.katas import Kata, find_katas
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_JUDGED, Verdict

RED_ADD = "def add(x1, x2):\n    return x1 + x2\n\n\ndef add_(x1, x2):\n    return x1 + x2\n"
WIDEST = 80
DOUBLE_CHECKS, ADD_CHECKS = (f"tests/first/test_{name}.py" for name in ("k01_double", "k02_add"))


@pytest.fixture
def run_pytest(run_module_in, small_dojo, tmp_path):
    """Run plain pytest over the katas, with the learner's files from ``tmp_path``."""

    def run_pytest(*options, files=None):
        for name, text in (files or {}).items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = ["pytest", f"--solutions={tmp_path}", *options, "-p", "no:cacheprovider"]
        return run_module_in(small_dojo, *command)

    return run_pytest


def stubs(root):
    return {kata.name: kata.stub.read_text(encoding="utf-8") for kata in find_katas(root)}


def test_stubs_show_one_line_each_and_where_to_begin(run_pytest, small_dojo):
    result = run_pytest(files=stubs(small_dojo))
    assert result.returncode == 1
    lines = [line for line in result.stdout.splitlines() if re.match(r"  k\d\d_", line)]
    assert len(lines) == len(find_katas(small_dojo)) == 4
    assert all(" not started " in line for line in lines)
    assert "Traceback" not in result.stdout
    assert "begin with: k01_double" in result.stdout
    assert "k01_double.py" in result.stdout
    assert "devices: cpu, cuda" in result.stdout


def test_a_red_kata_shows_its_call_and_no_framework(run_pytest, tmp_path):
    file = tmp_path / "report.xml"
    result = run_pytest(ADD_CHECKS, f"--junitxml={file}", files={"first/k02_add": RED_ADD})
    assert result.returncode == 1
    assert "add_(" in result.stdout
    assert "returned a new tensor; expected x1 itself" in " ".join(result.stdout.split())
    for word in ("Traceback", "CheckFailed", "dojo/checks", "FAILURES"):
        assert word not in result.stdout
    messages = [node.get("message") for node in ET.parse(file).iter("failure")]
    assert messages
    assert any("expected x1 itself" in message for message in messages)


@pytest.mark.parametrize("width", [60, WIDEST])
def test_the_report_fits_the_terminal_without_colour(
    run_pytest, small_dojo, tmp_path, width, monkeypatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    result = run_pytest(files={**stubs(small_dojo), "first/k02_add": RED_ADD})
    shown = result.stdout.replace(str(tmp_path), "katas").replace(str(small_dojo), "dojo")
    plugins = re.compile(r"^plugins: .*", re.MULTILINE)  # pytest's own line
    command = re.compile(r"  then run: .*")  # which can be copied as it is
    lines = command.sub("", plugins.sub("", shown)).splitlines()
    assert [line for line in lines if len(line) > width] == []
    assert "\x1b" not in shown


def test_workers_give_the_same_summary(run_pytest):
    files = {"first/k02_add": RED_ADD}
    alone, spread = (
        run_pytest(ADD_CHECKS, DOUBLE_CHECKS, *options, files=files)
        for options in ((), ("-n", "2"))
    )
    assert alone.returncode == spread.returncode == 1

    def bar(result):
        return re.findall(r"^\[.*", result.stdout, re.MULTILINE)

    assert bar(alone)
    assert bar(alone) == bar(spread)


CHATTY = RED_ADD.replace("    return", "    print('I am here')\n    return")


def test_what_an_answer_prints_is_shown_beside_its_failure(run_pytest):
    assert "I am here" in run_pytest(ADD_CHECKS, files={"first/k02_add": CHATTY}).stdout


def test_what_an_answer_prints_is_shown_at_once_without_capture(run_pytest):
    lines = run_pytest(ADD_CHECKS, "-s", files={"first/k02_add": CHATTY}).stdout.splitlines()
    assert lines.count("I am here") == 12  # as often as it is called


def test_stop_at_the_first_failure_stops(run_pytest):
    result = run_pytest("-x", ADD_CHECKS, files={"first/k02_add": RED_ADD})
    assert re.search(r"\b1 failed", result.stdout)


def test_all_green_exits_with_0(run_pytest, small_dojo):
    katas = find_katas(small_dojo)
    files = {kata.name: kata.reference.read_text(encoding="utf-8") for kata in katas}
    result = run_pytest(files=files)
    assert result.returncode == 0
    assert "4 of 4 katas green" in result.stdout


def test_unknown_solutions_folder_is_a_usage_error(run_module_in, small_dojo):
    result = run_module_in(small_dojo, "pytest", "--solutions=no/such/folder")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no such folder" in result.stderr


def test_a_part_of_the_checks_proves_no_kata_green(run_module_in, own_dojo):
    kata = Kata("first/k02_add", own_dojo)
    kata.stub.write_text(kata.reference.read_text(encoding="utf-8"), encoding="utf-8")
    check = f"{kata.checks}::test_add_holds_the_sum"

    def output_with(*options):
        return run_module_in(own_dojo, "pytest", "-q", *options).stdout

    assert "0 of 1 katas green" in output_with(check)
    assert Progress(own_dojo).state(kata) == NOT_JUDGED
    assert "0 of 1 katas green" in output_with("-k", "k02_add and in_place")
    assert Progress(own_dojo).state(kata) == NOT_JUDGED
    assert "1 of 1 katas green" in output_with("-k", "k02_add")
    assert Progress(own_dojo).state(kata) == GREEN


def test_a_cache_that_cannot_be_written_is_told_in_one_line(run_module_in, own_dojo):
    (own_dojo / ".pytest_cache").write_text("no folder")  # stops root too
    done = run_module_in(own_dojo, "pytest", "-k", "k02_add")
    assert done.returncode == 1
    assert "--lf and --ff will not know of this run" in done.stdout
    assert "1 not started" in done.stdout
    for word in ("Traceback", "INTERNALERROR", "PytestCacheWarning", "warnings summary"):
        assert word not in done.stdout + done.stderr


# ---------------------------------------------------------------- the order of the checks

LAST_FIRST = "def pytest_collection_modifyitems(items):\n    items.reverse()\n"


def test_the_red_that_is_shown_does_not_depend_on_the_order_of_tests(
    run_pytest, tmp_path, monkeypatch
):
    (tmp_path / "last_first.py").write_text(LAST_FIRST)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    files = {"first/k02_add": "def add(x1, x2):\n    return None\n\n\nadd_ = add\n"}

    def laws(*options):
        shown = run_pytest(ADD_CHECKS, *options, files=files).stdout
        return re.findall(r"^  red: .*", shown, re.MULTILINE)

    first = laws()
    assert len(first) == 1
    for options in ((), ("-n", "1"), ("--isolation=none",)):
        assert laws("-p", "last_first", *options) == first, options


# ---------------------------------------------------------------- what is not started


def test_checks_that_are_not_started_are_an_outcome_of_their_own(run_pytest, small_dojo, tmp_path):
    file = tmp_path / "report.xml"
    files = stubs(small_dojo)
    result = run_pytest(ADD_CHECKS, f"--junitxml={file}", "-rA", files=files)
    assert result.returncode == 1
    assert re.search(r"=+ 12 not started in ", result.stdout), result.stdout
    for word in ("failed", "FAILED", "Traceback"):
        assert word not in result.stdout
    assert f"NOT STARTED {ADD_CHECKS}::test_add_holds_the_sum" in result.stdout
    messages = [node.get("message") for node in ET.parse(file).iter("failure")]
    assert len(messages) == 12
    assert all("not started" in message for message in messages)


def test_a_missing_file_is_told_as_not_started_in_other_programs(run_pytest, tmp_path):
    file = tmp_path / "report.xml"
    run_pytest(ADD_CHECKS, f"--junitxml={file}", files={"first/k01_double": "x = 1\n"})
    messages = {node.get("message") for node in ET.parse(file).iter("failure")}
    assert [message.partition(":")[0] for message in messages] == ["not started"]


def test_the_next_kata_is_none_that_was_skipped(run_module_in, own_dojo):
    Progress(own_dojo).skip(Kata("first/k01_double", own_dojo))
    for options, following in (((), "k02_add"), ((DOUBLE_CHECKS,), "k01_double")):
        result = run_module_in(own_dojo, "pytest", "-p", "no:cacheprovider", *options)
        assert f"begin with: {following} - " in result.stdout


def test_a_flat_folder_of_answers_is_judged(run_pytest, tmp_path):
    (tmp_path / "k02_add.py").write_text(RED_ADD)
    result = run_pytest(ADD_CHECKS)
    assert re.search(r"k02_add +red", result.stdout)
    assert f"{tmp_path}/k02_add.py:" in result.stdout


def test_a_folder_without_answers_is_refused(run_pytest):
    result = run_pytest(ADD_CHECKS)
    assert result.returncode == 4
    assert "no answer to any kata was found there" in result.stderr


# ---------------------------------------------------------------- what is remembered, what is next


@pytest.fixture
def run_in(run_module_in, own_dojo):
    """Run plain pytest in the test's own dojo, on the answers in its katas/."""

    def run_in(*options, folder="."):
        return run_module_in(own_dojo / folder, "pytest", "-q", *options)

    return run_in


def green(kata, root):
    """What `dojo check` remembers of a kata that it found green."""
    raw = kata.reference.read_bytes()
    kata.stub.write_bytes(raw)
    source_hash = hashlib.sha256(raw).hexdigest()
    Progress(root).record(Verdict(kata.name, GREEN, 0.1, source_hash, ()))


def test_what_dojo_check_made_green_is_green_in_a_run_of_what_failed(own_dojo, run_in):
    assert run_in().returncode == 1
    green(Kata("first/k02_add", own_dojo), own_dojo)
    shown = run_in("--lf", ADD_CHECKS).stdout
    assert "1 of 1 katas green" in shown
    assert "12 checks (those that failed)" in shown
    assert "This run judged a part. By what is remembered, 1 of all 4 katas are green." in shown


def test_a_run_of_all_katas_is_no_part(own_dojo, run_in):
    assert "This run judged a part" not in run_in("--lf").stdout  # nothing has failed before


def test_after_a_green_run_the_next_kata_is_named(own_dojo, run_in):
    for name in ("first/k01_double", "first/k02_add"):
        kata = Kata(name, own_dojo)
        kata.stub.write_bytes(kata.reference.read_bytes())
    shown = run_in("katas/first").stdout
    assert "2 of 2 katas green" in shown
    assert "next: k01_mean - Take the mean" in shown
    assert "  then run: pytest -k k01_mean\n" in shown
    Progress(own_dojo).skip(Kata("second/k01_mean", own_dojo))
    shown = run_in(folder="katas/first").stdout
    assert "next: k02_first_row" in shown
    assert "  then run: pytest ../.. -k k02_first_row\n" in shown


def test_after_a_part_of_its_checks_the_rest_of_a_kata_is_next(own_dojo, run_in):
    kata = Kata("first/k02_add", own_dojo)
    kata.stub.write_bytes(kata.reference.read_bytes())
    shown = run_in(f"{ADD_CHECKS}::test_add_holds_the_sum").stdout
    assert "next: all checks of k02_add: pytest -k k02_add" in shown


@pytest.mark.parametrize(
    "keyword, words",
    [
        ("k02_adx", "first/k02_add"),
        ("doubel", "first/k01_double"),
        ("zzzzzz", "All names: dojo list"),
    ],
)
def test_a_keyword_that_selects_nothing_gets_near_names(run_in, keyword, words):
    done = run_in("-k", keyword)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert words in " ".join(done.stdout.split())
