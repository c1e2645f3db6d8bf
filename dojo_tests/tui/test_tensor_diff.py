"""Two grids side by side: cells that differ are marked by a sign, and nothing is too wide."""

import pytest

from dojo.tui.tensor_diff import MARK, tensor_diff

GOT = [["1.", "2.", "nan"], ["-4.", "5.", "6."]]
EXPECTED = [["1.", "20.", "nan"], ["4.", "5.", "6."]]


def drawn(got, expected, width=76):
    return [line.plain for line in tensor_diff(got, expected, width)]


def test_cells_that_differ_are_marked_in_both_grids():
    text = "\n".join(drawn(GOT, EXPECTED))
    assert [f"{MARK}{cell}" in text for cell in ("2.", "20.", "-4.", "4.")] == [True] * 4


def test_equal_cells_are_not_marked():
    assert "\n".join(drawn(GOT, EXPECTED)).count(MARK) == 4


def test_what_came_back_stands_left_of_what_was_expected():
    title = drawn(GOT, EXPECTED)[0]
    assert 0 < title.index("returned") < title.index("expected")


def test_the_columns_of_a_grid_are_aligned():
    rows = drawn([["1.", "2."], ["-100.", "3."]], [["1.", "2."], ["4.", "3."]])[1:3]
    assert rows[0].index("2.") == rows[1].index("3.")


@pytest.mark.parametrize("width", range(18, 60))
def test_no_line_is_wider_than_the_screen(width):
    assert all(len(line) <= width for line in drawn(GOT, EXPECTED, width))


def test_a_narrow_screen_has_one_grid_above_the_other():
    text = "\n".join(drawn(GOT, EXPECTED, 30))
    assert text.index("returned") < text.index("╰") < text.index("expected")


def test_a_screen_too_narrow_for_a_grid_has_none():
    assert drawn(GOT, EXPECTED, 8) == []


@pytest.mark.parametrize("got, expected", [([], []), ([["1"]], []), ([], [["1"]])])
def test_without_two_tensors_there_are_no_grids(got, expected):
    assert drawn(got, expected) == []


def test_cells_without_a_partner_differ():
    text = "\n".join(drawn([["1", "2"], ["3", "4"]], [["1"]]))
    assert text.count(MARK) == 3


def test_a_cell_of_no_elements_is_drawn():
    assert drawn([[]], [["1"]])[1].count(MARK) == 1


def test_what_looks_like_markup_is_drawn_as_it_is():
    assert "[red]" in "\n".join(drawn([["[red]"]], [["1"]]))
