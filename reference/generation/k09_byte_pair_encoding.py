"""Cut text into tokens by byte pair encoding, as language models read it.

`pairwise` gives all pairs of neighbours, and a `Counter` counts them. With the key
(-count, pair), `min` finds the most frequent pair, and the smaller one of equals. So the result
does not depend on the order of a dict.

Encoding must join in the order of training: the pair (256, 97) can stand there only after 256 was
made. So the pair of lowest rank comes first, not the leftmost one and not the longest token.

This counts anew in each round. A library updates the counts where something was joined; and it
splits the text into words before, so that equal words are joined once.

In practice one calls `tiktoken.encoding_for_model(...)`, or trains a `BPE` of `tokenizers`.
"""

from collections import Counter
from itertools import pairwise

HINTS = (
    'list("é".encode("utf-8")) is [195, 169]: two bytes, and the ids to begin with.',
    "zip(ids, ids[1:]) gives the pairs of neighbours, each place once; a `Counter` counts them.",
    "min(counts, key=lambda pair: (-counts[pair], pair)) takes the smaller one of equals.",
    "Join in a `while` loop: it goes on by two where the pair stands, and else by one.",
    "For decode, make a table: the bytes of each id, first 256 single ones, then two joined ones.",
)


def _joined(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The ids with each place of the pair joined, from left to right."""
    result, place = [], 0
    while place < len(ids):
        if tuple(ids[place : place + 2]) == pair:
            result.append(new)
            place += 2
        else:
            result.append(ids[place])
            place += 1
    return result


def train_bpe(text: str, num_merges: int) -> list[tuple[int, int]]:
    """The pairs that byte pair encoding joins in this text, in the order in which it joins them.

    The text begins as its UTF-8 bytes: each byte is an id from 0 to 255. Each round counts the
    pairs of neighbours, takes the most frequent pair, and joins it: from left to right, each place
    where the pair stands becomes one new id. Round i makes the id 256 + i; the first round is 0.

    Args:
        text: a string of any characters, without lone surrogates. It may be empty.
        num_merges: how many rounds there are at most, at least 0.

    Returns:
        A list of the pairs, each a tuple of two ints, pair i that of round i. It is shorter than
        num_merges if no pair is left to join, and empty for a text of one byte or none.

    Exactly:
        Each place counts, also where places overlap: [97, 97, 97] has the pair (97, 97) twice. But
        it is joined once there, at the left: that gives [256, 97].

        Of pairs that are equally frequent the smaller tuple is taken, as Python compares tuples. A
        pair that stands in one place alone is joined, too.

        Spaces and ends of lines are bytes like others: the text is not split into words.
    """
    ids, merges = list(text.encode("utf-8")), []
    while len(merges) < num_merges and len(ids) > 1:
        counts = Counter(pairwise(ids))
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = _joined(ids, pair, 256 + len(merges))
        merges.append(pair)
    return merges


def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """The ids of a text, in which the pairs of merges are joined.

    The text begins as its UTF-8 bytes. As long as two neighbours are a pair of merges, the pair of
    them that comes first in merges is joined, from left to right, wherever it stands: pair i
    becomes the id 256 + i. How often a pair occurs does not matter here.

    Args:
        text: a string of any characters, without lone surrogates. It may be empty.
        merges: pairs such as train_bpe gives them, of this text or of another one: no pair comes
            twice, and pair i has ids below 256 + i. The list stays as it is.

    Returns:
        A new list of ints. The empty text has no ids.
    """
    ids = list(text.encode("utf-8"))
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    while known := ranks.keys() & set(pairwise(ids)):
        pair = min(known, key=ranks.__getitem__)
        ids = _joined(ids, pair, 256 + ranks[pair])
    return ids


def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """The text of some ids.

    An id from 0 to 255 stands for that byte, and 256 + i for the bytes of both ids of pair i in
    merges. All these bytes, one after another, are read as UTF-8.

    Args:
        ids: ids from 0 to 255 + len(merges), in any order; the list may be empty.
        merges: pairs as in encode. Both lists stay as they are.

    Returns:
        A string. decode(encode(text, merges), merges) is text.

    Exactly:
        The bytes of one character may belong to several ids: they are joined before they are read.
        Bytes that are no UTF-8 are read as bytes.decode("utf-8", errors="replace") does it: as the
        character U+FFFD.
    """
    pieces = [bytes([byte]) for byte in range(256)]
    for first, second in merges:
        pieces.append(pieces[first] + pieces[second])
    return b"".join(pieces[one] for one in ids).decode("utf-8", errors="replace")
