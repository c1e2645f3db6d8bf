"""A verdict in a notebook: escaped, marked by signs as well as colours, and readable as text."""

import html.parser

import pytest

from dojo.course.katas import Kata
from dojo.notebook.html import escaped, sentence
from dojo.notebook.views import SolutionView, VerdictView, aspects_of
from dojo.verdict.model import GREEN, RED, Check, Verdict


class Seen(html.parser.HTMLParser):
    """What a reader of the HTML sees, and whether each tag is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.text, self.open, self.tags = "", [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)
        assert {name for name, _ in attrs} <= {"style"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def check(aspect="values", device="cpu", state=RED, **fields):
    return Check("Each number is doubled", aspect, device, state, **fields)


def view(*checks, notes=(), **fields):
    state = RED if any(one.state == RED for one in checks) else GREEN
    verdict = Verdict("first/k01_double", state, 0.04, "", checks, **fields)
    return VerdictView(Kata("first/k01_double", None), verdict, "line 3 of the cell", notes)


def html_of(shown):
    return Seen(shown._repr_html_())


HOSTILE = "<script>alert(1)</script> & \x1b[31mred\x1b[0m </div>"


def test_what_a_learner_wrote_is_shown_and_not_obeyed():
    shown = view(
        check(message=HOSTILE, output=HOSTILE, got=[[HOSTILE]], expected=[["1."]]),
        diagnosis=HOSTILE,
        devices=HOSTILE,
        notes=[HOSTILE],
    )
    seen = html_of(shown)
    assert "script" not in seen.tags
    assert seen.text.count("<script>alert(1)</script> & \ufffd[31mred") == 6
    assert "\x1b" not in shown._repr_html_() + repr(shown)


def test_the_same_holds_for_a_solution():
    seen = html_of(SolutionView(Kata("first/k01_double", None), ["--- a", f"-{HOSTILE}"], HOSTILE))
    assert "script" not in seen.tags


def test_backticks_become_code():
    assert sentence("`x < 1`").endswith(">x &lt; 1</code>")
    assert escaped("`x`") == "`x`"


def test_cells_that_differ_are_marked_by_a_sign_and_a_colour():
    shown = view(check(message="no", got=[["1.", "2."]], expected=[["1.", "4."]]))
    seen = html_of(shown)
    assert seen.text.count("≠") == 2
    assert seen.tags.count("td") == 4
    assert seen.text.index("returned") < seen.text.index("≠2.") < seen.text.index("expected")
    assert shown._repr_html_().count("background: #c62828; color: #ffffff; font-weight: bold") == 1
    assert "│  1.  ≠2.  │   │  1.  ≠4.  │" in repr(shown)


def test_a_word_that_is_longer_than_a_line_is_wrapped():
    shown = view(check(message="y" * 500))._repr_html_()
    style = shown.partition("y" * 500)[0].rpartition("<div ")[2]
    assert "overflow-wrap: anywhere" in style


def test_each_aspect_has_a_chip_with_its_devices():
    shown = view(
        check("memory", "cpu"), check("memory", "cuda", GREEN), check("type", "cpu", GREEN)
    )
    assert list(aspects_of(shown.verdict)) == ["type", "memory"]
    text = html_of(shown).text
    assert "✓ type cpu" in text
    assert "✗ memory cpu ✗ cuda ✓" in text


@pytest.mark.parametrize("form", ["html", "text"])
def test_a_red_verdict_tells_all_that_a_terminal_tells(form):
    shown = view(
        check(message="double(x) returned 1.", output="printed"),
        check("memory"),
        diagnosis="x is squared, not doubled.",
        notes=["a note"],
    )
    text = html_of(shown).text if form == "html" else repr(shown)
    for part in (
        "red: Each number is doubled [values, cpu]",
        "line 3 of the cell",
        "double(x) returned 1.",
        "This looks like: x is squared, not doubled.",
        "Your code printed:",
        "printed",
        "Also red: memory.",
        "a note",
        "2 of 2 checks not green",
    ):
        assert part in text


def test_a_green_verdict_is_short():
    shown = view(check(state=GREEN))
    assert repr(shown).split() == ["k01_double", "green", "1", "checks"]
    assert "line 3" not in html_of(shown).text


def test_no_text_has_a_colour_that_only_one_theme_can_show():
    shown = view(check(message="no", got=[["1."]], expected=[["2."]]), diagnosis="that")
    styles = shown._repr_html_().split("style=")
    for style in styles:
        if "color: #" in style.partition(">")[0].replace("background: #", ""):
            assert "background: #" in style  # a field with a ground of its own
