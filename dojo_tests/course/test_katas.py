"""A kata is its path, and what is found is what lies in the folders."""

import pytest

from dojo.course.katas import (
    Kata,
    NoSuchFolder,
    find_katas,
    kata_of,
    shown_path,
    solutions_folder,
    track_title,
)
from dojo.course.trees import find_root, is_root

NAMES = ["first/k01_double", "first/k02_add", "second/k01_mean", "second/k02_first_row"]


# ---------------------------------------------------------------- Kata


def test_a_kata_knows_its_track_and_its_stem(small_dojo):
    kata = Kata("first/k01_double", small_dojo)
    assert (kata.track, kata.stem) == ("first", "k01_double")


def test_a_kata_knows_its_four_files(small_dojo):
    kata = Kata("first/k01_double", small_dojo)
    assert kata.stub == small_dojo / "katas" / "first" / "k01_double.py"
    assert kata.reference == small_dojo / "reference" / "first" / "k01_double.py"
    assert kata.checks == small_dojo / "tests" / "first" / "test_k01_double.py"
    assert kata.impostors == small_dojo / "impostors" / "first" / "k01_double.py"


# ---------------------------------------------------------------- find_katas, kata_of


def test_all_katas_are_found_in_order(small_dojo):
    assert [kata.name for kata in find_katas(small_dojo)] == NAMES


def test_a_check_file_makes_a_kata(own_dojo):
    (own_dojo / "tests" / "second" / "test_k03_new.py").touch()
    assert [kata.name for kata in find_katas(own_dojo)] == [*NAMES, "second/k03_new"]


def test_tracks_come_in_the_order_of_their_numbers(own_dojo):
    (own_dojo / "katas" / "second" / "README.md").write_text("# 0. Before the first\n")
    assert [kata.name for kata in find_katas(own_dojo)] == NAMES[2:] + NAMES[:2]


def test_numbers_of_tracks_count_as_numbers(own_dojo):
    (own_dojo / "katas" / "first" / "README.md").write_text("# 10. Later\n")
    assert [kata.name for kata in find_katas(own_dojo)] == NAMES[2:] + NAMES[:2]


def test_a_track_without_a_number_comes_last(own_dojo):
    (own_dojo / "katas" / "first" / "README.md").unlink()
    assert [kata.name for kata in find_katas(own_dojo)] == NAMES[2:] + NAMES[:2]


def test_the_kata_of_its_check_file_is_found(small_dojo):
    for kata in find_katas(small_dojo):
        assert kata_of(kata.checks, small_dojo) == kata


@pytest.mark.parametrize(
    "path",
    [
        "tests/first/k01_double.py",
        "tests/first/test_k01_double.txt",
        "tests/test_k01_double.py",
        "katas/first/test_k01_double.py",
        "../tests/first/test_k01_double.py",
    ],
)
def test_another_file_is_of_no_kata(small_dojo, path):
    assert kata_of(small_dojo / path, small_dojo) is None


# ---------------------------------------------------------------- find_root, solutions_folder


def test_the_root_is_found_from_any_folder_of_a_dojo(small_dojo):
    for folder in (small_dojo, small_dojo / "katas", small_dojo / "tests" / "first"):
        assert find_root(folder) == small_dojo


def test_outside_of_a_dojo_no_root_is_found(tmp_path):
    assert find_root(tmp_path) is None


@pytest.mark.parametrize("tree", ["katas", "reference", "tests", "impostors"])
def test_a_folder_that_lacks_a_tree_is_no_root(own_dojo, tree):
    assert is_root(own_dojo)
    (own_dojo / tree).rename(own_dojo / "elsewhere")
    assert not is_root(own_dojo)


@pytest.mark.parametrize("choice", ["katas", "reference"])
def test_katas_and_reference_mean_folders_of_the_dojo(small_dojo, choice):
    assert solutions_folder(choice, small_dojo) == small_dojo / choice


def answer(folder, name):
    """Write an answer with the layout of katas/, or flat without a track."""
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1\n")
    return path


@pytest.mark.parametrize("name", ["first/k01_double", "k01_mean"])
def test_any_other_folder_of_answers_is_itself(small_dojo, tmp_path, name):
    answer(tmp_path, name)
    assert solutions_folder(str(tmp_path), small_dojo) == tmp_path.resolve()


def test_an_answer_lies_in_the_folder_of_its_track_or_flat(small_dojo, tmp_path):
    kata = Kata("first/k01_double", small_dojo)
    assert kata.solution_in(tmp_path) == tmp_path / "first" / "k01_double.py"
    flat = answer(tmp_path, kata.stem)
    assert kata.solution_in(tmp_path) == flat
    assert kata.solution_in(tmp_path) != answer(tmp_path, kata.name)
    assert kata.solution_in(tmp_path) == tmp_path / "first" / "k01_double.py"


def test_the_learners_own_files_are_never_flat(own_dojo):
    kata = Kata("first/k01_double", own_dojo)
    answer(own_dojo / "katas", kata.stem)
    kata.stub.unlink()
    assert kata.solution_in(own_dojo / "katas") == kata.stub


def test_a_folder_without_answers_is_refused_and_the_layout_told(small_dojo, tmp_path):
    answer(tmp_path, "first/k01_other")
    with pytest.raises(NoSuchFolder, match="no answer to any kata was found there") as caught:
        solutions_folder(str(tmp_path), small_dojo)
    assert f"such as {tmp_path}/first/k01_double.py, or {tmp_path}/k01_d" in str(caught.value)
    assert "Did you mean" not in str(caught.value)


def test_a_folder_above_the_answers_gets_those_below_named(small_dojo, tmp_path):
    answer(tmp_path, "ben/first/k01_double")
    answer(tmp_path, "ada/k02_add")
    with pytest.raises(NoSuchFolder, match=r"Did you mean --solutions=\S+/ada or .*=\S+/ben\?"):
        solutions_folder(f"{tmp_path}/", small_dojo)


def test_a_flat_file_of_several_tracks_is_refused(own_dojo, tmp_path):
    answer(own_dojo / "tests", "second/test_k01_double")
    flat = answer(tmp_path / "answers", "k01_double")
    with pytest.raises(
        NoSuchFolder, match=r"k01_double.py may be first/k01_double or second/k01_d"
    ):
        solutions_folder(str(flat.parent), own_dojo)


def test_a_missing_folder_of_answers_is_named(small_dojo, tmp_path):
    with pytest.raises(NoSuchFolder, match=r"--solutions=.*missing: there is no such folder"):
        solutions_folder(str(tmp_path / "missing"), small_dojo)


# ---------------------------------------------------------------- titles and paths


def test_the_title_of_a_track_is_the_first_heading_of_its_readme(small_dojo):
    assert track_title(small_dojo, "first") == "1. First steps"


def test_the_title_of_a_track_without_a_readme_is_its_name(own_dojo):
    (own_dojo / "katas" / "first" / "README.md").unlink()
    assert track_title(own_dojo, "first") == "first"


def test_a_path_is_shown_from_the_root(small_dojo):
    path = small_dojo / "katas" / "first" / "k01_double.py"
    assert shown_path(path, small_dojo) == "katas/first/k01_double.py"


def test_a_path_outside_of_the_dojo_is_shown_whole(small_dojo, tmp_path):
    assert shown_path(tmp_path / "answer.py", small_dojo) == str(tmp_path / "answer.py")
