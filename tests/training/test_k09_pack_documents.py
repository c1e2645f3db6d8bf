"""The checks of training/k09_pack_documents: the stream token by token, in plain Python."""

import itertools

import numpy as np
import torch

from dojo.checks import aspect, describe, expect, expect_device, expect_values, shares_storage
from dojo.checks.laws import PureFunction

OWN = "Each of the three gets memory of its own: whoever writes into one must not change another."
EMPTY = "No documents make no rows: (0, length). `torch.cat` and `documents[0]` need at least one."
SAME_LIST = "The list is the caller's: make one of your own."
ANY_NUMBER = "documents is a list or tuple of any length: number and pack all of them."
LONG = "The results are int64 whatever the documents are."

# what is wrong in one of the three results → the sentence for it
WRONG = {
    "zeros": "The inputs of the filling are eos.",
    "once": "An eos is written behind each document, also behind one that ends with eos already.",
    "rows": "This shifts inside of each row: the target of a row's last place begins the next row.",
    "across": "At its closing eos a document is over: the next one's first token is no target.",
    "each eos": "An eos inside of a document has a target like any other token.",
    "no end": "The target of a document's last token is the eos that closes it.",
    "no targets": "The target is the next token, not the token itself.",
    "filling": "In the filling the target is -100: eos is not to be predicted from eos.",
    "masked": "An eos inside of a document may be a target; -100 stands at each closing eos.",
    "counted": "Count documents, not each eos: one that stands inside of a document ends nothing.",
    "last": "In the filling the number is -1, that of no document.",
    "from 1": "Document numbers begin with 0.",
    "skips": "A document without tokens has a number of its own.",
    "without eos": "The eos that closes a document belongs to it, and has its number.",
    "early": "The eos that closes a document belongs to it, not to the next one.",
    "own rows": "Numbers go on from row to row: they count all documents.",
}


def packed(documents, length, eos, wrong=""):
    """The inputs, targets and numbers; `wrong` is the mistake made, one of WRONG."""
    stream, closing = [], []
    if wrong == "once":
        documents = [one[:-1] if len(one) and one[-1] == eos else one for one in documents]
    for number, document in enumerate(documents):
        tokens = [*map(int, document), eos]
        stream += zip(tokens, [*tokens[1:], -100], [number] * len(tokens), strict=True)
        closing.append(len(stream) - 1)
    end = len(stream)
    stream += [(eos, -100, -1)] * (-end % length)
    x, y, n = np.array(stream, dtype=np.int64).reshape(-1, 3).T.copy()
    before, is_eos = [place - 1 for place in closing if place], x == eos
    right = y.copy()
    if wrong == "zeros":
        x[end:] = 0
    elif wrong == "rows":
        y[length - 1 :: length] = -100
    elif wrong == "across":
        y[closing[:-1]] = x[[place + 1 for place in closing[:-1]]]
    elif wrong == "each eos":
        y[is_eos] = -100
    elif wrong == "no end":
        y[[place for place in before if place not in closing]] = -100
    elif wrong == "no targets":
        y = np.where(right == -100, -100, x)
    elif wrong == "filling":
        y[end:] = eos
    elif wrong == "masked":
        y[right == eos] = -100
    elif wrong == "counted":
        n[:end] = np.concatenate([[0], np.cumsum(is_eos)])[:end]
    elif wrong == "last":
        n[end:] = len(documents) - 1
    elif wrong == "from 1":
        n[:end] += 1
    elif wrong == "skips":
        order = np.cumsum([len(one) > 0 for one in documents]) - 1
        n[:end] = np.maximum(order, 0)[n[:end]]
    elif wrong == "without eos":
        n[closing] = -1
    elif wrong == "early":
        n[closing] += 1
    elif wrong == "own rows":
        rows = n.reshape(-1, length)
        n = np.where(rows == -1, -1, rows - rows[:, :1]).reshape(-1)
    return tuple(part.reshape(-1, length) for part in (x, y, n))


class TestPackDocuments(PureFunction):
    name = "pack_documents"
    tensors = ("documents[0]", "documents[1]", "documents[2]")
    results = ("the inputs", "the targets", "the document numbers")
    dtypes = (torch.int64, torch.int32)
    cases = [  # None is no document
        ([5, 6], [7, 8], [9, 4], 2, 0),
        ([4, 5, 6], [7, 8, 9], None, 4, 1),  # no filling
        ([5, 1, 6], [1, 1], [7, 8], 4, 1),
        ([8, 9, 7, 2, 6, 5, 3, 4, 9, 8, 6, 5], [3, 5, 9, 6], [7, 7, 4, 5], 4, 2),
        (np.zeros(0), [5, 6, 7], np.zeros(0), 2, 3),
        ([5, 6], [7], None, 1, 0),
        ([5, 6], None, None, 9, 50256),
        (np.zeros(0), np.zeros(0), np.zeros(0), 2, 0),
        ([4, 0], [0, 4, 6], [0], 5, 0),
    ]
    precise = [(torch.int64, ([2**40 + 1, 2**24 + 1], [2**53 - 1], None, 3, 2**50 + 1))]
    precise += [(torch.int32, ([2**24 + 1, 2**31 - 1], [2**30 + 1], None, 3, 2**31 - 3))]
    recorded = False
    hints = {
        "type": "Return the three tensors as `return inputs, targets, numbers`.",
        "shape": "(R, length), where R is the number of tokens, each closing eos included, divided"
        " by length and rounded up.",
        "dtype": LONG,
        "device": "Make the results where the documents are.",
        "values": "Each document and its eos go into the stream; targets are shifted inside of"
        " documents; and the filling holds eos, -100 and -1.",
        "precise": "Tokens are whole numbers: stay in ints, since floats lose digits.",
        "memory": "Results go into new tensors: write to no document.",
    }
    sentences = {
        "test_has_the_shape": "All three have the shape (R, length), R rounded up.",
        "test_has_the_dtype": "All three are int64.",
        "test_values": "Inputs, targets and numbers are right, in each row and in the filling.",
        "test_no_digit_is_lost": "Large tokens come out as they were.",
        "test_stays_on_the_device": "The results lie where the documents lie.",
        "test_leaves_its_inputs": "The documents stay as they are.",
    }

    def call(self, solution, arguments):
        *documents, length, eos = arguments
        documents = [one for one in documents if one is not None]
        return solution.pack_documents(documents, length, eos)

    def result_dtype(self, dtype):
        return torch.int64

    def truth(self, *arguments):
        *documents, length, eos = arguments
        return packed([one for one in documents if one is not None], length, eos)

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        *documents, length, eos = arguments
        documents = [one for one in documents if one is not None]
        part = [np.array_equal(one, expected) for one in self.truth(*arguments)].index(True)
        wrong = [
            words
            for name, words in WRONG.items()
            if np.array_equal(packed(documents, length, eos, name)[part], got)
        ]
        return "".join(wrong[:1])

    def why_shape(self, arguments, shape):
        *documents, length, _ = arguments
        sizes = [len(one) + 1 for one in documents if one is not None]
        if len(shape) != 2 or shape[1] != length:
            return ""
        known = {
            "The last row is filled up, not left out.": sum(sizes) // length,
            "Where all rows are full there is no row of filling.": sum(sizes) // length + 1,
            "A document may begin in the midst of a row.": sum(-(-n // length) for n in sizes),
            "An eos stands behind each document.": -(-sum(n - 1 for n in sizes) // length),
            "A document without tokens is one eos.": -(-sum(n for n in sizes if n > 1) // length),
        }
        return " ".join(words for words, count in known.items() if count == shape[0])

    @aspect("values")
    def test_takes_any_number_of_documents(self, solution, device):
        """There may be no document, one or many, in a list or tuple that stays as it is."""
        for sizes, length in (([], 3), ([4], 2), ([1, 0, 3, 2, 0, 5, 1], 4), ([2] * 40, 7)):
            ends = itertools.accumulate(sizes)
            arrays = [np.arange(end - n, end) % 90 + 9 for n, end in zip(sizes, ends, strict=True)]
            for kind in (list, tuple):
                documents = kind(torch.tensor(one).to(device) for one in arrays)
                before, solution.hint = list(documents), ANY_NUMBER if sizes else EMPTY
                got = solution.pack_documents(documents, length, 8)
                for (subject, one), right in zip(
                    self.results_of(got), packed(arrays, length, 8), strict=True
                ):
                    expect_values(one, torch.tensor(right), solution.hint, subject, 0, 0)
                    if sizes:
                        expect_device(one, device, self.hints["device"], subject)
                is_kept = len(documents) == len(before)
                is_kept = is_kept and all(a is b for a, b in zip(documents, before, strict=True))
                expect(is_kept, f"changed its list to {describe(documents)}.", SAME_LIST)

    @aspect("memory")
    def test_results_are_apart(self, solution, device):
        """No two of the three results share memory."""
        got = self.ask_again(solution, device, self.plain[0]).got
        for (first, x), (second, y) in itertools.combinations(self.results_of(got), 2):
            sentence = f"returned {second} in the memory of {first}."
            expect(not shares_storage(x, y), sentence, OWN)
