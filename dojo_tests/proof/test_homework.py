"""The homework that this project exists for: two wrong answers that nobody noticed."""

from pathlib import Path

from dojo.course.katas import find_katas
from dojo.verdict.model import GREEN, NOT_STARTED, RED

HOMEWORK = Path(__file__).parent.parent / "homework"
WRONG = {
    "k02_numpy_bridge": "torch_to_numpy",
    "k03_in_place_add": "add_",
}


def test_exactly_the_two_wrong_answers_are_red_and_named(root, judge):
    verdicts = {
        kata.stem: judge(kata, HOMEWORK) for kata in find_katas(root) if kata.track == "intro"
    }
    handed_in = {path.stem for path in HOMEWORK.glob("intro/*.py")}
    states = {stem: verdict.state for stem, verdict in verdicts.items()}
    expected = {stem: NOT_STARTED if stem not in handed_in else GREEN for stem in states}
    assert states == {**expected, **dict.fromkeys(WRONG, RED)}
    for stem, name in WRONG.items():
        message = verdicts[stem].first_failure.message
        assert message.startswith(f"{name}(")
    assert "numpy.ndarray" in verdicts["k02_numpy_bridge"].first_failure.message
