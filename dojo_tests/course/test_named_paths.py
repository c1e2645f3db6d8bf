"""A path means the file that it leads to, in the dojo or elsewhere."""

import pytest

from dojo.course.katas import Kata, find_katas
from dojo.course.lookup import UnclearName
from dojo.course.named_paths import meaning_of_path

ANSWER = "def double(x):\n    return x * 2\n"


@pytest.fixture
def meant_in(own_dojo):
    """Says what a path means for who stands in a folder: the names of katas, and their folder."""

    def meaning(monkeypatch, here, text):
        monkeypatch.chdir(here)
        found = meaning_of_path(text, own_dojo, find_katas(own_dojo))
        return found and ([kata.name for kata in found.katas], found.folder)

    return meaning


@pytest.fixture
def folder(own_dojo):
    """A folder of answers outside of the dojo's trees: ben/first/k01_double.py."""
    path = own_dojo / "ben" / "first" / "k01_double.py"
    path.parent.mkdir(parents=True)
    path.write_text(ANSWER)
    return own_dojo / "ben"


OWN = [
    ("", "katas/first/k01_double.py"),
    ("", "./katas/first/k01_double.py"),
    ("", "katas\\first\\k01_double.py"),
    ("", "tests/first/test_k01_double.py"),
    ("", "first/k01_double.py"),
    ("katas/first", "k01_double.py"),
    ("katas/first", "../first/k01_double.py"),
    ("katas/second", "katas/first/k01_double.py"),
]


@pytest.mark.parametrize("here, text", OWN)
def test_the_files_of_a_kata_mean_the_learners_own_answer(
    meant_in, monkeypatch, own_dojo, here, text
):
    meant = (["first/k01_double"], own_dojo / "katas")
    assert meant_in(monkeypatch, own_dojo / here, text) == meant
    whole = str(own_dojo / "katas" / "first" / "k01_double.py")
    assert meant_in(monkeypatch, own_dojo / here, whole) == meant


@pytest.mark.parametrize("text", ["k01", "first/k01", "first", "k01_double.py", "nosuch", ""])
def test_a_name_is_no_path(meant_in, monkeypatch, own_dojo, text):
    assert meant_in(monkeypatch, own_dojo, text) is None


@pytest.mark.parametrize("text", ["katas/first", "katas/first/", "tests/first/", "first/"])
def test_a_folder_of_a_track_means_its_katas(meant_in, monkeypatch, own_dojo, text):
    meant = (["first/k01_double", "first/k02_add"], own_dojo / "katas")
    assert meant_in(monkeypatch, own_dojo, text) == meant
    assert meant_in(monkeypatch, own_dojo / "katas" / "first", ".") == meant


def test_the_folder_of_all_tracks_means_all(meant_in, monkeypatch, own_dojo):
    assert len(meant_in(monkeypatch, own_dojo, "katas")[0]) == 4


def test_the_file_of_a_kata_that_is_gone_means_its_kata(meant_in, monkeypatch, own_dojo):
    Kata("first/k02_add", own_dojo).stub.unlink()
    assert meant_in(monkeypatch, own_dojo, "katas/first/k02_add.py")[0] == ["first/k02_add"]


def test_a_file_of_the_reference_means_that_file(meant_in, monkeypatch, own_dojo):
    meant = (["first/k02_add"], own_dojo / "reference")
    assert meant_in(monkeypatch, own_dojo, "reference/first/k02_add.py") == meant


def test_a_file_elsewhere_means_that_file(meant_in, monkeypatch, own_dojo, folder):
    meant = (["first/k01_double"], folder)
    assert meant_in(monkeypatch, own_dojo, "ben/first/k01_double.py") == meant
    assert meant_in(monkeypatch, folder, "first/k01_double.py") == meant
    assert meant_in(monkeypatch, folder / "first", "k01_double.py") == meant


def test_a_file_elsewhere_without_a_track_means_the_kata_of_its_name(
    meant_in, monkeypatch, own_dojo, tmp_path
):
    (tmp_path / "k01_mean.py").write_text("x = 1\n")
    meant = (["second/k01_mean"], tmp_path)
    assert meant_in(monkeypatch, own_dojo, str(tmp_path / "k01_mean.py")) == meant


def test_a_link_from_katas_makes_a_file_elsewhere_the_learners_own(
    meant_in, monkeypatch, own_dojo, tmp_path
):
    kata = Kata("first/k01_double", own_dojo)
    kata.stub.rename(tmp_path / "mine.py")
    kata.stub.symlink_to(tmp_path / "mine.py")
    meant = ([kata.name], own_dojo / "katas")
    assert meant_in(monkeypatch, own_dojo, str(tmp_path / "mine.py")) == meant


def test_a_dojo_behind_a_link_is_this_dojo(meant_in, monkeypatch, own_dojo, tmp_path):
    (tmp_path / "link").symlink_to(own_dojo, target_is_directory=True)
    whole = str(tmp_path / "link" / "katas" / "first" / "k01_double.py")
    assert meant_in(monkeypatch, own_dojo, whole) == (["first/k01_double"], own_dojo / "katas")


@pytest.mark.parametrize("text", ["katas/first/k09_none.py", "/gone/k01_double.py", "./gone"])
def test_a_path_that_leads_nowhere_is_an_error(meant_in, monkeypatch, own_dojo, text):
    with pytest.raises(UnclearName, match=f"There is no file {text}"):
        meant_in(monkeypatch, own_dojo, text)


def test_a_file_that_is_no_answer_is_an_error(meant_in, monkeypatch, own_dojo, tmp_path):
    (tmp_path / "k01_doubel.py").touch()
    with pytest.raises(UnclearName, match=r"the name of no kata. Did you mean .*k01_double"):
        meant_in(monkeypatch, own_dojo, str(tmp_path / "k01_doubel.py"))


def test_a_file_beside_the_one_that_would_be_judged_is_an_error(
    meant_in, monkeypatch, own_dojo, folder
):
    (folder / "k01_double.py").write_text(ANSWER)
    with pytest.raises(UnclearName, match=r"Beside .* there is .*ben/first/k01_double.py"):
        meant_in(monkeypatch, own_dojo, "ben/k01_double.py")


def test_a_name_of_several_tracks_needs_a_folder(meant_in, monkeypatch, own_dojo, tmp_path):
    (own_dojo / "tests" / "second" / "test_k01_double.py").touch()
    (tmp_path / "k01_double.py").touch()
    with pytest.raises(UnclearName, match="may be first/k01_double or second/k01_double"):
        meant_in(monkeypatch, own_dojo, str(tmp_path / "k01_double.py"))
