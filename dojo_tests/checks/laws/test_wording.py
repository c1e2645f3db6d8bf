"""The laws of a contract's class: which apply, in what words, and in what order."""

from pathlib import Path

import pytest

import dojo.checks.laws as laws_package
from dojo.checks import ASPECTS, aspect, aspect_of
from dojo.checks.laws import InPlaceFunction, ModuleFactory, PureFunction, ViewFunction
from dojo.checks.laws.contract import Contract

FAMILIES = [
    one
    for one in vars(laws_package).values()
    if isinstance(one, type) and issubclass(one, Contract)
]


def all_laws(family):
    """Every law that a family has, of its own or inherited, that is not switched off."""
    names = [name for name in dir(family) if name.startswith("test_")]
    return {name: getattr(family, name) for name in names if getattr(family, name) is not None}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_law_has_a_docstring_and_an_aspect(family):
    laws = all_laws(family)
    assert len(laws) > 8
    assert [name for name, one in laws.items() if not (one.__doc__ or "").strip()] == []
    assert [name for name, one in laws.items() if aspect_of(one) not in ASPECTS] == []
    assert [
        name for name, one in laws.items() if not one.__doc__.split("\n")[0].endswith(".")
    ] == []


def test_every_module_of_the_laws_has_a_docstring():
    folder = Path(laws_package.__file__).parent
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.py")}
    assert [name for name, text in texts.items() if not text.startswith('"""')] == []


class Pair(PureFunction):
    """A contract with all the facts that switch a law on."""

    name = "pair"
    tensors = ("left", "right")
    cases = [([1.0], [2.0])]
    wild = [([1.0], [2.0])]
    precise = [([1.0], [2.0])]
    refused = [(([1.0], [2.0]), None, ValueError, "")]
    forbidden = "add"
    wild_gradients = [([1.0], [2.0])]
    sentences = {"test_has_the_shape": "{name} has the shape of {x}."}

    @aspect("dtype")
    def test_of_its_own(self, solution, device):
        """A law of {name} alone."""

    @aspect("type")
    def test_first_of_its_own(self, solution, device):
        """Another one."""


def test_laws_stand_in_the_order_of_the_aspects_and_within_one_as_they_are_written(laws_of):
    laws = laws_of(Pair)
    places = [ASPECTS.index(aspect_of(getattr(Pair, name))) for name in laws]
    assert places == sorted(places)
    assert laws[:2] == ["test_returns_a_tensor", "test_first_of_its_own"]
    assert laws.index("test_has_the_dtype") + 1 == laws.index("test_of_its_own")
    assert len(laws) == 17


@pytest.mark.parametrize(
    "fact, off, law",
    [
        ("wild", (), "test_wild_values"),
        ("precise", (), "test_no_digit_is_lost"),
        ("refused", (), "test_refuses"),
        ("forbidden", "", "test_is_made_without"),
        ("recorded", False, "test_gradients"),
        ("recorded", False, "test_wild_gradients"),
        ("wild_gradients", (), "test_wild_gradients"),
        ("memory", "free", "test_has_memory_of_its_own"),
    ],
)
def test_a_fact_switches_a_law_off_and_no_other(laws_of, fact, off, law):
    other = type("Other", (Pair,), {"name": "other", fact: off})
    gone = set(laws_of(Pair)) - set(laws_of(other))
    assert law in gone
    assert gone <= {law, *({"test_gradients", "test_wild_gradients"} if fact == "recorded" else ())}
    assert getattr(other, law) is None
    assert law in laws_of(Pair)


def test_none_in_its_place_switches_a_law_off(laws_of):
    class Quiet(Pair):
        name = "quiet"
        test_gradients = None
        test_of_its_own = None

    assert set(laws_of(Pair)) - set(laws_of(Quiet)) == {"test_gradients", "test_of_its_own"}
    assert Quiet.test_gradients is None


def test_a_law_that_a_kata_overrides_is_the_one_of_the_kata(run_laws):
    class Own(PureFunction):
        name = "own"
        cases = [([1.0],)]

        def truth(self, x):
            return x

        @aspect("values")
        def test_values(self, solution, device):
            """My words."""
            raise KeyError("mine")

    assert Own.test_values.__doc__ == "My words."
    found = run_laws(Own, lambda x: x.clone(), only=["test_values"])
    assert isinstance(found["test_values"], KeyError)


def test_sentences_are_filled_in_with_the_names_of_the_function():
    assert Pair.test_returns_a_tensor.__doc__ == "pair returns a tensor."
    assert Pair.test_gradients.__doc__ == "Gradients reach left and right, in every float dtype."
    assert Pair.test_stays_on_the_device.__doc__ == "The result lies where left lies."
    assert Pair.test_of_its_own.__doc__ == "A law of pair alone."


def test_a_contract_has_its_own_sentence_for_a_law():
    assert Pair.test_has_the_shape.__doc__ == "pair has the shape of left."


def test_the_laws_of_a_family_keep_their_own_words():
    assert PureFunction.test_returns_a_tensor.__doc__ == "{name} returns a tensor."
    assert Pair.test_returns_a_tensor is not PureFunction.test_returns_a_tensor


def test_a_law_belongs_to_the_class_and_the_file_of_the_kata():
    one = Pair.test_values
    assert one.__qualname__ == "Pair.test_values"
    assert one.__module__ == __name__
    assert one.__name__ == "test_values"


def test_the_line_of_a_contract_is_that_of_its_class():
    class Wholly(ModuleFactory):
        name = "wholly"

    class Writing(InPlaceFunction):
        name = "writing_"

    class Viewing(ViewFunction):
        name = "viewing"

    text = Path(__file__).read_text(encoding="utf-8").splitlines()
    for one in (Pair, Wholly, Writing, Viewing):
        assert text[one.dojo_line - 1].strip().startswith(f"class {one.__name__}(")


def test_a_class_without_a_name_of_its_own_is_a_family(laws_of):
    class Family(Pair):
        test_more = aspect("values")(lambda self, solution: None)

    assert laws_of(Family) == ["test_more"]
