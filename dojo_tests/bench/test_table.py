"""The table fits a terminal, and its bars and numbers say what was timed."""

import pytest

from dojo.bench.table import bar, bytes_text, count_text, ratio_text, seconds_text, table_lines


def texts_of(run, earlier=(), columns=80):
    """The lines of a run's table, without their colours."""
    return [text for text, _ in table_lines(run, dict(earlier), columns)]


def test_bars_have_one_scale_for_each_size(make_case, make_run):
    """The longest is the slowest; half of its time is half of its length."""
    mine = make_case("yours", 5, 2.0, total_new=20, largest_new=20, operations=2, gpu="")
    reference = make_case("reference", 5, 1.0, total_new=0, largest_new=0, operations=1, gpu="")
    lines = texts_of(make_run(mine, reference))
    slow, fast = (row.count("█") for row in lines if row.startswith(("  yours", "  reference")))
    assert slow == 2 * fast == 10


@pytest.mark.parametrize("columns", [60, 75, 76, 80, 100])
def test_the_table_fits_the_terminal(make_case, make_run, columns):
    """With the largest numbers too."""
    facts = {"total_new": 999_900_000, "largest_new": 999_900_000, "operations": 1 << 40, "gpu": ""}
    slow, fast = (
        make_case("yours", 10**8, 1e2, 9e2, **facts),
        make_case("reference", 10**8, 1e-3, 9e-3, **facts),
    )
    lines = texts_of(make_run(slow, fast), columns=columns)
    assert max(map(len, lines)) <= columns
    assert any("largest" in line for line in lines) is (columns >= 76)


def test_where_nothing_was_timed_before_a_sentence_says_so(make_case, make_run):
    """A missing run is no error."""
    mine = make_case("yours", 5, 2.0, gpu="")
    text = "\n".join(texts_of(make_run(mine)))
    assert "No other version of your answer was timed before" in text


@pytest.mark.parametrize(
    "text, expected",
    [
        (seconds_text(8.37e-7), "837 ns"),
        (seconds_text(0.9999), "1.00 s"),
        (seconds_text(0.0637), "63.7 ms"),
        (bytes_text(0), "0"),
        (bytes_text(64), "64 B"),
        (bytes_text(40_000_000), "40.0 MB"),
        (ratio_text(1.04), "1.04"),
        (ratio_text(43.1), "43.1"),
        (ratio_text(1_234), "1.2k"),
        (ratio_text(35_808), "36k"),
        (count_text(999), "999"),
        (count_text(24_337), "24.3k"),
        (bar(1, 4), "████"),
        (bar(0.001, 4), "▏"),
    ],
)
def test_numbers_are_short(text, expected):
    """Two or three digits are what a time is worth."""
    assert text == expected
