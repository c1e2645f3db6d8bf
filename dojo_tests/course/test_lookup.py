"""A kata is meant by any part of its name that no other has."""

from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.course.lookup import UnclearName, completions, find_kata, katas_of_track, short_name

KATAS = [
    Kata(name, Path("dojo"))
    for name in (
        "intro/k01_random_tensor",
        "intro/k02_numpy_bridge",
        "intro/k03_in_place_add",
        "intro/k030_scatter_add",
        "more/k01_einsum",
        "more/k02_numpy_bridge",
        "more/k04_stack",
    )
]
INTRO, MORE = KATAS[0], KATAS[-1]

MEANT = {
    "intro/k03_in_place_add": "intro/k03_in_place_add",
    "k03_in_place_add": "intro/k03_in_place_add",
    "k03": "intro/k03_in_place_add",
    "k030": "intro/k030_scatter_add",
    "k04": "more/k04_stack",
    "intro/k03": "intro/k03_in_place_add",
    "more/k01": "more/k01_einsum",
    "in_place": "intro/k03_in_place_add",
    "EINSUM": "more/k01_einsum",
    " k03 ": "intro/k03_in_place_add",
    "katas/intro/k03_in_place_add.py": "intro/k03_in_place_add",
    "./katas/more/k02_numpy_bridge.py": "more/k02_numpy_bridge",
    "/home/ada/dojo/reference/intro/k01_random_tensor.py": "intro/k01_random_tensor",
    "katas\\more\\k04_stack.py": "more/k04_stack",
    "tests/intro/test_k03_in_place_add.py": "intro/k03_in_place_add",
    "k04_stack.py": "more/k04_stack",
}


def meant_by(text, current=None):
    return find_kata(text, KATAS, [current.track] if current else []).name


@pytest.mark.parametrize("text", MEANT)
def test_a_name_means_its_kata(text):
    assert meant_by(text) == MEANT[text]


@pytest.mark.parametrize("text", ["k01", "k02", "numpy", "k02_numpy_bridge"])
def test_what_two_tracks_have_is_meant_in_the_current_one(text):
    assert meant_by(text, INTRO).startswith("intro/")
    assert meant_by(text, MORE).startswith("more/")


def test_what_two_tracks_have_is_unclear_without_a_current_one():
    with pytest.raises(UnclearName, match=r"'k01' may be intro/k01_\w+, more/k01_einsum\."):
        meant_by("k01")


def test_what_several_katas_of_the_current_track_have_is_unclear():
    with pytest.raises(UnclearName, match="may be intro/k03_in_place_add, intro/k030_scatter_add"):
        meant_by("_add", INTRO)


def test_the_first_track_that_has_it_decides():
    assert find_kata("k04", KATAS, ["intro", "more"]).track == "more"
    assert find_kata("k01", KATAS, ["absent", "more", "intro"]).track == "more"


def test_the_current_tracks_are_asked_for_only_where_they_decide():
    def fail():
        raise AssertionError
        yield

    assert find_kata("k03", KATAS, fail()) == KATAS[2]


@pytest.mark.parametrize(
    "text, nearest",
    [
        ("k05", "k0"),
        ("in_palce", "k03_in_place_add"),
        ("einsun", "k01_einsum"),
        ("Scater", "k030_scatter_add"),
        ("itro", "intro"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(text, nearest):
    with pytest.raises(UnclearName, match="There is no kata") as caught:
        meant_by(text)
    assert nearest in str(caught.value).partition("Did you mean ")[2].partition(",")[0]


@pytest.mark.parametrize("text", ["nosuch", "k99", "", "xyzzy"])
def test_a_name_that_is_like_no_other_gets_no_suggestion(text):
    with pytest.raises(UnclearName, match=r"There is no kata '\w*'\. All names: dojo list --all$"):
        meant_by(text)


def test_a_track_has_its_katas():
    assert katas_of_track("more", KATAS) == katas_of_track("more/", KATAS) == KATAS[4:]
    assert katas_of_track("mor", KATAS) == []


def test_many_names_are_cut_short():
    with pytest.raises(UnclearName, match=r"and 2 more\. Write more of the name"):
        meant_by("k0")


def test_the_short_name_of_a_kata_means_it_everywhere():
    for kata in KATAS:
        for current in (INTRO, MORE, None):
            assert meant_by(short_name(kata, KATAS), current) == kata.name


def test_completions_begin_as_typed_and_mean_one_kata():
    assert completions("k03", KATAS) == ["k03_in_place_add", "k030_scatter_add"]
    assert completions("more/", KATAS) == [kata.name for kata in KATAS[4:]]
    assert "k02_numpy_bridge" not in completions("", KATAS)
