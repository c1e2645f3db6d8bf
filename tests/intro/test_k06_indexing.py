"""The checks of intro/k06_indexing: parts of nested lists, taken out by Python's own indices."""

import torch

from dojo.checks import Benchmark, CheckFailed, aspect, expect, expect_tensor
from dojo.checks.laws import FLOATS, INTEGERS, MovingFunction
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.messages import rounded

NUMPY = "NumPy has no bfloat16: index x itself, as a tensor."
INF, NAN = float("inf"), float("nan")
# neither a row nor a column is sorted; in each part are multiples of 3, and others
ROWS = [[3, 8, 2, 6], [9, 15, 1, 4], [5, 12, 18, 7]]
# in each part are an inf and a NaN
WILD = [[4.0, -INF, INF, NAN], [NAN, INF, 2.0, INF], [-4.0, NAN, 1.5, 7.0]]
WRONG_END = ("the last column", "column of the first two rows", "three numbers of the first row")


def row_by_row(x):
    """The column collected in a loop over the rows."""
    return torch.stack([row[1] for row in x])


BENCHMARK = Benchmark(
    "second_column",
    means="x: shape (n, 4), float32",
    inputs=lambda n: ((torch.arange(4 * n) % 1000).float().view(n, 4),),
    sizes=(3, 1_000, 1_000_000),
    naive=row_by_row,
    naive_up_to=1_000,
)


def parts_by_name(rows):
    """What a wrong answer may have taken instead, in words → its numbers."""
    count = ("first", "second", "third", "last")
    columns = [list(column) for column in zip(*rows, strict=True)]
    parts = {f"the {count[j]} column": column for j, column in enumerate(columns)}
    parts |= {f"the {'last' if i == 2 else count[i]} row": row for i, row in enumerate(rows)}
    for j, column in enumerate(columns):
        parts[f"the {count[j]} column of the first two rows"] = column[:2]
        parts[f"the {count[j]} column of the last two rows"] = column[1:]
    parts["the first three numbers of the first row"] = rows[0][:3]
    parts["the last two numbers of the first row"] = rows[0][2:]
    parts["the first two numbers of the last row"] = rows[2][:2]
    parts["the whole first two rows"] = rows[:2]
    parts["x as a whole"] = rows
    return parts


def in_words(record):
    """Which other part of x came back, after a comma; nothing where it is none."""
    rows, got = record.row.templates[0].x.tolist(), record.kept.tolist()
    found = [text for text, numbers in parts_by_name(rows).items() if numbers == got]
    return f", {found[0]}" if found else ""


class Part(MovingFunction):
    """What all three functions promise."""

    dtypes = (*FLOATS, *INTEGERS, torch.bool)
    cases = [(ROWS,), ([row[::-1] for row in ROWS[::-1]],), (ROWS[1:] + ROWS[:1],)]
    recorded = False
    hints = {
        "shape": "In x[i, j] the first index counts rows and the second columns, both from 0.",
        "kept dimension": "A slice keeps its dimension, even of size 1; a number as index drops"
        " it.",
        "end": "A slice a:b ends before b, so it takes b - a of them.",
        "twice": "A slice of rows is a matrix again, so that x[a:b][c] chooses a row of it.",
        "type": "What indexing gives is a tensor already: return it as one piece, and as it is.",
        "dtype": "Take the numbers out of x itself: they need no other dtype.",
        "device": "The part lies where x lies, on a machine with a GPU too.",
        "values": "In x[i, j] the first index counts rows and the second columns, both from 0.",
        "order": "The numbers are the right ones, but x holds them in another order.",
        "precise": "Another dtype on the way may change the numbers.",
        "wild": "Take the numbers out as they are: arithmetic on them may change them.",
        "layout": "Index x itself: where its numbers lie in memory is for x's strides to say.",
        "memory": "Only look at x: in-place methods, with a trailing underscore, change x itself.",
    }
    sentences = {
        "test_has_the_shape": "A column of three rows has the shape (3,), a row (4,), the last"
        " column of two rows (2,).",
        "test_values": "The part holds the right numbers of x, in their order, however x lies.",
        "test_moves_inf_and_nan": "inf and NaN come out as they are, and change no other number.",
    }

    @once
    def thin(self):
        """For the GPU, where x lies in memory as on the CPU, which is asked every dtype."""
        return [self.plain[0], Row(self, self.cases[1], torch.int64, 1)]

    @once
    def again_rows(self):
        """One row is asked again; the results of all others are looked at again, too."""
        return [(self.plain[0], Row(self, self.cases[1], self.dtypes[0]))]

    @once
    def moved_rows(self):
        """inf and NaN in every part, in each float dtype."""
        matrices = [WILD, [row[::-1] for row in WILD]] * 2
        turns = enumerate(zip(matrices, FLOATS, strict=True))
        return [Row(self, (rows,), dtype, place, "wild") for place, (rows, dtype) in turns]

    def hint_of(self, row):
        if row.dtype == torch.bfloat16:  # the other dtypes come first
            return NUMPY
        return super().hint_of(row) if not row.words else f"{self.hints['layout']} {row.words}"

    @aspect("shape")
    def test_has_the_shape(self, solution, device):
        """The part has its one dimension."""
        (record,) = self.records(solution, device, self.plain[:1])
        expect_tensor(record.got)
        shape, expected = tuple(record.got.shape), tuple(record.row.expected.shape)
        words = in_words(record)
        hint = "shape" if len(shape) == 1 or words else "kept dimension"
        if shape == (1,) or any(text in words for text in WRONG_END):
            hint = "end"
        if expected == (2,) and words == ", the second row":
            hint = "twice"
        sentence = f"returned a tensor of shape {shape}{words}; expected shape {expected}."
        expect(shape == expected, sentence, self.hints[hint])

    def compare(self, record, expected, hint, rtol, atol):
        """The numbers are the expected ones; what came back is named as a part of x."""
        got, right = record.kept.tolist(), expected.tolist()
        if str(got) == str(right):  # a NaN equals itself
            return
        hint = self.hints["order"] if sorted(map(str, got)) == sorted(map(str, right)) else hint
        if record.row.words:
            hint = f"{self.hints['layout']} {record.row.words}"
        a, b = rounded(got), rounded(right)
        a, b = (a, b) if a != b else (str(got), str(right))  # they differ behind the sixth digit
        sentence = f"returned {a}{in_words(record)}; expected {b}."
        raise CheckFailed(sentence, hint, record.kept, expected)


class TestSecondColumn(Part):
    name = "second_column"

    def truth(self, x):
        return [row[1] for row in x.tolist()]


class TestFirstRow(Part):
    name = "first_row"

    def truth(self, x):
        return x.tolist()[0]


class TestLastColumnOfFirstTwoRows(Part):
    name = "last_column_of_first_two_rows"

    def truth(self, x):
        rows = x.tolist()
        return [rows[0][3], rows[1][3]]
