"""``dojo`` and ``dojo watch`` pass on what was asked for to the screen or to the JSON lines."""

import pytest

import dojo.cli.answers
import dojo.cli.commands
import dojo.cli.watch_lines
import dojo.tui.app
from dojo.progress.record import Progress


@pytest.fixture
def watched(own_dojo, monkeypatch):
    """Calls the command at a terminal; gives what the screen or the JSON lines were asked for."""

    def call(*arguments):
        asked = []
        monkeypatch.setattr(dojo.tui.app, "run_screen", lambda *them: asked.append(them) or 7)
        for name in ("watch_json", "watch_gnu"):
            monkeypatch.setattr(dojo.cli.watch_lines, name, lambda *them: asked.append(them) or 7)
        assert dojo.cli.commands.app([*arguments], standalone_mode=False) == 7
        return asked[0]

    monkeypatch.chdir(own_dojo)
    monkeypatch.setattr(dojo.cli.answers, "is_interactive", lambda: True)
    return call


def test_dojo_alone_opens_the_screen_at_the_current_kata(watched, own_dojo, double, add):
    Progress(own_dojo).skip(double)
    assert watched() == (own_dojo, add, own_dojo / "katas", "all", 10.0)


def test_watch_passes_on_what_was_asked_for(watched, own_dojo, add):
    options = ("--device", "cpu", "--solutions", "reference", "--time-limit", "3")
    assert watched("watch", "k02_add", *options) == (
        own_dojo,
        add,
        own_dojo / "reference",
        "cpu",
        3.0,
    )


@pytest.mark.parametrize("form", ["--json", "--gnu"])
def test_watch_without_a_name_begins_at_the_current_kata(watched, double, form):
    assert watched("watch", form)[1] == double


def test_watch_of_a_file_elsewhere_judges_that_file(watched, own_dojo, double):
    path = own_dojo / "ben" / "first" / "k01_double.py"
    path.parent.mkdir(parents=True)
    path.touch()
    assert watched("watch", "ben/first/k01_double.py")[1:3] == (double, own_dojo / "ben")


def test_watch_of_a_track_begins_at_its_first_kata_that_is_not_green(
    watched, own_dojo, double, add
):
    Progress(own_dojo).skip(double)
    assert watched("watch", "first")[1] == add
