"""The page of charts opens without a network, and says what the table says."""

import json
import re

from dojo.bench.page import page
from dojo.bench.results import Case


def test_the_page_loads_nothing(make_case, make_run):
    """It opens without a network: every script and style is in it."""
    text = page(make_run(make_case("yours", 5, 2.0, gpu="")), {})
    assert re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)", text) == []


def test_the_page_has_the_numbers_as_a_table(subject, make_case, make_run):
    """A row for each implementation and size, with the reason where there is no time."""
    mine = make_case("yours", 5, 2.0, total_new=20, gpu="")
    stuck = Case(subject, "yours", 6, 6, reason="not finished <after> 10 s")
    text = page(make_run(mine, stuck), {})
    assert "<td>5</td><td>yours</td><td>2.00 s</td>" in text
    assert "not finished &lt;after&gt; 10 s" in text


def test_the_page_draws_the_limit_as_a_line(make_case, make_run):
    """The least time of the least work, at the rate of the copy."""
    copy = make_case("copy", 1, 1.0, bytes_moved=100, gpu="")
    text = page(make_run(copy, make_case("yours", 5, 2.0, bytes_moved=50, gpu="")), {})
    charts = json.loads(text.rpartition("const CHARTS = ")[2].partition(";\nfor")[0])
    (limit,) = [trace for _, traces, _ in charts for trace in traces if trace["name"] == "limit"]
    assert (limit["x"], limit["y"]) == ([5], [0.5])
