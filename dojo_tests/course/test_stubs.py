"""A stub is told from an answer, and found again after it was overwritten."""

import pytest

from dojo.course.katas import find_katas
from dojo.course.stubs import (
    RUN_LINE,
    find_stub,
    has_begun,
    how_to_bring_back,
    is_in_git,
    is_stub,
    keep_stub,
)

UNSTARTED = {
    name: f"def {name}(x1, x2):\n    raise NotImplementedError\n" for name in ("add", "add_")
}
STUBS = {
    "another message": "def add(x1, x2):\n    raise NotImplementedError('write me')\n{add_}",
    "a docstring": 'def add(x1, x2):\n    """Add."""\n    raise NotImplementedError\n{add_}',
    "more names": "def more():\n    raise NotImplementedError\n{add}{add_}",
    "a helper of its own": "def _help(x):\n    return x\n{add}{add_}",
    "the line that runs it": f"{{add}}{{add_}}\n\n{RUN_LINE}\n",
    "a class": "class A:\n    def __len__(self):\n        raise NotImplementedError\n{add}{add_}",
}
NO_STUBS = {
    "an answer": "def add(x1, x2):\n    return x1 + x2\n{add_}",
    "a name missing": "{add}",
    "something before it": "def add(x1, x2):\n    x1 += 1\n    raise NotImplementedError\n{add_}",
    "another error": "def add(x1, x2):\n    raise ValueError\n{add_}",
    "a bare raise": "def add(x1, x2):\n    raise\n{add_}",
    "a class with an answer": "class Other:\n    def __len__(self):\n        return 1\n{add}{add_}",
    "a class without methods": "class Other:\n    size = 1\n{add}{add_}",
    "not Python": "def add(:\n    raise NotImplementedError\n{add_}",
    "an answer with the line that runs it": f"x = 1\n\n\n{RUN_LINE}\n# NotImplementedError",
    "nested without end": "NotImplementedError" + "(" * 1000,
}
ANSWER = b"def add(x1, x2):\n    return x1 + x2\n"


# ---------------------------------------------------------------- is_stub


@pytest.mark.parametrize("case", STUBS)
def test_a_stub_is_told_from_an_answer(add, case):
    assert is_stub(add, STUBS[case].format(**UNSTARTED).encode())


@pytest.mark.parametrize("case", NO_STUBS)
def test_an_answer_is_told_from_a_stub(add, case):
    assert not is_stub(add, NO_STUBS[case].format(**UNSTARTED).encode())


def test_nothing_is_a_stub_of_a_kata_without_a_reference(add):
    add.reference.unlink()
    assert not is_stub(add, add.stub.read_bytes())


@pytest.mark.parametrize("case", STUBS)
def test_a_stub_has_not_begun(case):
    assert not has_begun(STUBS[case].format(**UNSTARTED).encode())


@pytest.mark.parametrize("case", [case for case in NO_STUBS if case != "a name missing"])
def test_whatever_was_written_has_begun(case):
    assert has_begun(NO_STUBS[case].format(**UNSTARTED).encode())


def test_every_stub_of_the_course_is_one(root, stub_file):
    katas = find_katas(root)
    assert [kata.name for kata in katas if not is_stub(kata, stub_file(kata).read_bytes())] == []


def test_no_reference_of_the_course_is_a_stub(root):
    katas = find_katas(root)
    assert [kata.name for kata in katas if is_stub(kata, kata.reference.read_bytes())] == []


# ---------------------------------------------------------------- find_stub, keep_stub


def test_the_newest_stub_in_the_history_is_taken(add, commit_all):
    newer = add.stub.read_bytes() + b"# newer\n"
    for content in (add.stub.read_bytes(), newer, ANSWER):
        add.stub.write_bytes(content)
        commit_all(add.root)
    assert find_stub(add) == newer


def test_a_dojo_in_a_folder_of_a_repository_has_its_history(add, commit_all):
    commit_all(add.root.parent)
    stub = add.stub.read_bytes()
    add.stub.write_bytes(ANSWER)
    assert find_stub(add) == stub


def test_without_history_the_copy_of_the_stub_is_taken(add):
    stub = add.stub.read_bytes()
    keep_stub(add)
    add.stub.write_bytes(ANSWER)
    keep_stub(add)  # which is no stub, and not kept
    assert find_stub(add) == stub


def test_without_history_and_copy_no_stub_is_found(add):
    assert find_stub(add) is None


def test_a_copy_of_the_stub_is_kept_in_dojo_stubs(add):
    keep_stub(add)
    copy = add.root / ".dojo" / "stubs" / "first" / "k02_add.py"
    assert copy.read_bytes() == add.stub.read_bytes()


# ---------------------------------------------------------------- how_to_bring_back


def test_git_brings_a_file_back_only_where_it_has_it(add, commit_all):
    shown = "katas/first/k02_add.py"
    assert how_to_bring_back(shown, add.root) == "dojo reset first/k02_add"
    commit_all(add.root)
    add.stub.unlink()
    assert how_to_bring_back(shown, add.root) == f"git checkout -- {shown}"


def test_nothing_brings_back_a_file_that_is_not_in_katas(add, commit_all):
    commit_all(add.root)
    for shown in ("reference/first/k02_add.py", "/elsewhere/katas/first/k02_add.py"):
        assert how_to_bring_back(shown, add.root) == ""


# ---------------------------------------------------------------- is_in_git


def test_a_folder_with_a_commit_is_in_git(add, commit_all):
    assert not is_in_git(add.root)
    commit_all(add.root)
    assert is_in_git(add.root)
