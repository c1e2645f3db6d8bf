"""``pytest --pdb`` stops in the learner's own frame, where the answer failed or asked for it."""

import pytest

ADD_IN_PLACE = "def add_(x1, x2):\n    return x1.add_(x2)\n"


@pytest.fixture
def debug(run_module_in, own_dojo):
    """What pytest prints when it judges an answer to first/k02_add and some lines are typed."""

    def debug(answer, typed, *options):
        (own_dojo / "katas" / "first" / "k02_add.py").write_text(answer)
        command = ["pytest", "-k", "k02_add", *options]
        return run_module_in(own_dojo, *command, typed=typed).stdout

    return debug


@pytest.mark.parametrize(
    "answer",
    [
        "def add(x1, x2):\n    mine = 'seen ' + 'it'\n    raise ValueError\n" + ADD_IN_PLACE,
        "mine = 'seen ' + 'it'\nraise ValueError\n",
        "def load():\n    mine = 'seen ' + 'it'\n    raise ValueError\nload()\n",
    ],
    ids=["in a call", "at import", "in a call at import"],
)
def test_the_debugger_stops_where_the_answer_failed(debug, answer):
    shown = debug(answer, "p mine\nq\n", "--pdb")
    assert "-> raise ValueError" in shown
    assert "(Pdb) 'seen it'" in shown


@pytest.mark.parametrize("options", [["--pdb"], ["--isolation=none", "-s"]], ids=" ".join)
@pytest.mark.parametrize("call", ["breakpoint()", "import pdb; pdb.set_trace()"])
def test_a_call_of_the_debugger_is_answered_by_who_types(debug, call, options):
    answer = f"def add(x1, x2):\n    mine = 'seen ' + 'it'\n    {call}\n    return x1 + x2\n"
    shown = debug(answer + ADD_IN_PLACE, "p mine\nq\n", *options)
    assert "(Pdb) 'seen it'" in shown


def test_without_that_option_the_message_says_how_to_debug(debug):
    shown = debug(f"def add(x1, x2):\n    breakpoint()\n    return 1\n{ADD_IN_PLACE}", "")
    words = " ".join(shown.split())
    assert "your file stops in a debugger that nobody answered" in words
    assert "pytest --pdb -k k02_add" in words
