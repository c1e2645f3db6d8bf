"""The checks of generation/k09_byte_pair_encoding: ids as strings, with a character for each id.

In such a string `str.replace` joins a pair, and characters are in the order of ids.
"""

import functools
from collections import Counter
from itertools import pairwise

from dojo.checks import Call, CheckFailed, aspect, describe, expect
from dojo.checks.laws.settings import settings_watched

TRAIN = "Join the most frequent pair, of equals the smaller tuple, in all its places; count anew."
ENDS = "It ends after num_merges rounds, or where no two neighbours are left; a text may be empty."
ENCODE = "Of all neighbours the pair that is first in merges is joined, as long as there is one."
ENCODE += " A text may be empty."
DECODE = "Take ids apart until only bytes are left, join the bytes of all ids, and then use"
DECODE += ' `.decode("utf-8", errors="replace")` once.'
OWN = "Lists that are given stay as they are, and each call makes a list of its own."
EQUAL = "Of equally frequent pairs the smaller tuple is taken"
LEFT = "Places are joined from left to right, and do not overlap"
BYTES = "The ids to begin with are the UTF-8 bytes of the text; these are characters."


def units(text):
    """A string with a character for each byte of the text."""
    return "".join(map(chr, text.encode()))


def spelled(ids, merges):
    """The bytes of ids, one character for each."""
    for i, (first, second) in reversed([*enumerate(merges)]):
        ids = ids.replace(chr(256 + i), chr(first) + chr(second))
    return ids


def neighbours(ids):
    return Counter(map("".join, pairwise(ids)))


def smallest(counts, _):
    return min(counts, key=lambda pair: (-counts[pair], pair))


def with_overlap(ids, pair, new):
    """Each place of the pair becomes the new id, also where it overlaps with another one."""
    begins = [ids[i : i + 2] == pair for i in range(len(ids))]
    places = zip(ids, begins, [False, *begins], strict=False)
    return "".join(new if is_first else "" if is_end else one for one, is_first, is_end in places)


def trained(text, most, to=units, count=neighbours, choose=smallest, join=str.replace, least=1):
    """The merges; what is named makes a mistake of it."""
    ids, merges = to(text), []
    while len(merges) < most and max((counts := count(ids)).values(), default=0) >= least:
        pair = choose(counts, merges)
        ids = join(ids, pair, chr(256 + len(merges)))
        merges.append((ord(pair[0]), ord(pair[1])))
    return merges


def two_a_round(text, most):
    """The merges, where each count gives two pairs."""
    ids, merges = units(text), []
    while len(merges) < most and (counts := neighbours(ids)):
        for pair in sorted(counts, key=lambda pair: (-counts[pair], pair))[:2]:
            ids = ids.replace(pair, chr(256 + len(merges)))
            merges.append((ord(pair[0]), ord(pair[1])))
    return merges[:most]


def encoded(text, merges, to=units, join=str.replace):
    """The ids: each pair is joined in the order of merges."""
    ids = to(text)
    for i, (first, second) in enumerate(merges):
        ids = join(ids, chr(first) + chr(second), chr(256 + i))
    return [*map(ord, ids)]


def chosen(text, merges, choose):
    """The ids, where another one of the pairs that are there is joined first."""
    ids, ranks = units(text), {chr(a) + chr(b): i for i, (a, b) in enumerate(merges)}
    while counts := {pair: n for pair, n in neighbours(ids).items() if pair in ranks}:
        pair = choose(counts, ranks)
        ids = ids.replace(pair, chr(256 + ranks[pair]), -1 if choose is not leftmost else 1)
    return [*map(ord, ids)]


def leftmost(counts, _):
    return next(iter(counts))


def longest(text, merges):
    """The ids: from the left, always the longest piece that is one."""
    ids, result = units(text), []
    pieces = {spelled(chr(one), merges): one for one in range(256 + len(merges))}
    while ids:
        size = max(n for n in range(1, len(ids) + 1) if ids[:n] in pieces)
        result.append(pieces[ids[:size]])
        ids = ids[size:]
    return result


def by_bytes(text, merges):
    """The ids, where two neighbours are joined if their bytes together are those of an id."""
    pieces, parts = {}, [*units(text)]
    for one in range(256 + len(merges)):
        pieces.setdefault(spelled(chr(one), merges), one)
    while ranks := [pieces[a + b] for a, b in pairwise(parts) if a + b in pieces]:
        places = [i for i, (a, b) in enumerate(pairwise(parts)) if pieces.get(a + b) == min(ranks)]
        parts[places[0] : places[0] + 2] = ["".join(parts[places[0] : places[0] + 2])]
    return [pieces[part] for part in parts]


def decoded(ids, merges, errors="replace"):
    return spelled("".join(map(chr, ids)), merges).encode("latin-1").decode("utf-8", errors)


JOINS = {
    "The pair is joined in all of its places; here it is in one.": (
        lambda ids, pair, new: ids.replace(pair, new, 1)
    ),
    f'{LEFT}: "aaa" becomes 256, 97.': (
        lambda ids, pair, new: ids[::-1].replace(pair[::-1], new)[::-1]
    ),
    f'{LEFT}: in "aaa" two ids are joined, and one stays.': with_overlap,
}
TRAININGS = {
    f"{EQUAL}; here it is the one that comes first in the text.": {
        "choose": lambda counts, _: max(counts, key=counts.get)
    },
    f"{EQUAL}; here it is the larger one.": {
        "choose": lambda counts, _: max(counts, key=lambda pair: (counts[pair], pair))
    },
    f"{EQUAL}; here their bytes are compared, and not the ids.": {
        "choose": lambda counts, merges: min(
            counts, key=lambda pair: (-counts[pair], *(spelled(one, merges) for one in pair))
        )
    },
    'Each place counts, also where two overlap: "aaa" has (97, 97) twice.': {
        "count": lambda ids: Counter({pair: ids.count(pair) for pair in neighbours(ids)})
    },
    BYTES: {"to": str},
    "A pair that stands in one place alone is joined too.": {"least": 2},
    "Spaces are bytes like others: the text is not split into words.": {
        "count": lambda ids: Counter({p: n for p, n in neighbours(ids).items() if " " not in p})
    },
    **{words: {"join": join} for words, join in JOINS.items()},
}
# name → the sentence for each known mistake → the function that makes it
MISTAKES = {
    "train_bpe": {
        "Each round joins one pair, and then the pairs are counted anew.": two_a_round,
        **{words: functools.partial(trained, **options) for words, options in TRAININGS.items()},
    },
    "encode": {
        BYTES: functools.partial(encoded, to=str),
        "The longest piece is taken here; pairs are joined in the order of merges.": longest,
        "Two neighbours are joined here if their bytes are those of an id; only pairs of merges"
        " are joined.": by_bytes,
        "The leftmost pair is joined here; it is the one that comes first in merges.": (
            functools.partial(chosen, choose=leftmost)
        ),
        "The pair that comes last in merges is joined first here.": (
            functools.partial(chosen, choose=lambda counts, ranks: max(counts, key=ranks.get))
        ),
        "The most frequent pair is joined here; it is the one that comes first in merges.": (
            functools.partial(chosen, choose=smallest)
        ),
        **{words: functools.partial(encoded, join=join) for words, join in JOINS.items()},
    },
    "decode": {
        "Each id is decoded for itself here; a character may have bytes in several ids.": (
            lambda ids, merges: "".join(decoded([one], merges) for one in ids)
        ),
        "Bytes that are no UTF-8 become U+FFFD; here they are left out.": (
            functools.partial(decoded, errors="ignore")
        ),
        "Each byte is a character here; read all of them as UTF-8.": (
            lambda ids, merges: spelled("".join(map(chr, ids)), merges)
        ),
    },
}
RIGHT = {"train_bpe": trained, "encode": encoded, "decode": decoded}

TIMES = "it was the best of times, it was the worst of times, it was the age of wisdom"
TEXTS = [
    ("hug pug hug pug hugs", 2),
    ("dcba", 2),
    ("aaabdaaabac", 4),
    ("AB AB aaaa", 2),
    ("bab aba bab", 3),
    ("aaaaa b aaaaa b aaa", 5),
    ("café, naïve, déjà vu, café", 6),
    ("🙂🙃🙂🙂 東京 東京都", 12),
    ("one two one two\none\ttwo three", 9),
    ("zzzz\0zz", 4),
    (TIMES, 25),
]
ENDINGS = [("", 3), ("", 0), ("a", 3), ("ab", 0), ("ab", 7), ("é", 2), ("abab", 9), ("aaa", 1)]
ENDINGS += [("to be or not to be, " * 30, 300)]
HUG, CAFE = trained("hug pug hug pug hugs", 5), trained("café, naïve, déjà vu, café 🙂🙂🙃", 14)
NESTED = [(97, 98), (98, 99), (97, 257), (256, 256), (97, 97), (260, 97)]
ENCODED = [
    ("a hug, a pug", HUG),
    ("abc", [(98, 99), (97, 98)]),
    ("abcbc", [(97, 98), (98, 99)]),
    ("abc abcabcab", NESTED),
    ("aaaaaaa aaaa aaa", NESTED),
    ("bcabab abbcbc", [(98, 99), (97, 98), (256, 97)]),
    ("naïf, déjà 🙃🙂 café", CAFE),
    ("it was the worst of it", trained(TIMES, 25)),
    ("", HUG),
    ("x", HUG),
    ("é🙂", []),
]
DECODED = [
    ([257, 32, 97], [(104, 117), (256, 103)]),
    ([98, 256, 256, 97], [(97, 110)]),
    ([*"é 東京".encode()], []),
    ([240, 256, 130], [(159, 153)]),
    ([72, 255, 105], []),
    ([*range(256, 256 + len(CAFE))], CAFE),
    ([259, 261, 258, 257, 260, 256], NESTED),
    ([65, 240, 159, 66, 128, 0, 127], []),
    ([], NESTED),
]


def copied(arguments):
    return [[*one] if type(one) is list else one for one in arguments]


def difference(got, right):
    """What came back and what should have, as short as it can be told."""
    if len(str(right)) < 90:
        return f"returned {describe(got)}; expected {right!r}."
    places = [i for i, (a, b) in enumerate(zip(got, right, strict=False)) if a != b]
    if not places:
        return f"returned {len(got)} of them; expected {len(right)}."
    return f"returned {got[places[0]]!r} at place {places[0]}; expected {right[places[0]]!r}."


def expect_all(solution, name, rows, hint):
    """The function gives what it should for each row of a table."""
    solution.hint = hint
    results = [getattr(solution, name)(*copied(row)) for row in rows]
    pairs = list(zip(rows, results, strict=True))
    for row, got in pairs:
        right = RIGHT[name](*row)
        if got != right:
            solution.last_call = Call(name, row, {})
            known = MISTAKES[name].items()
            known = (words for words, wrong in known if all(wrong(*a) == b for a, b in pairs))
            raise CheckFailed(difference(got, right), next(known, hint))


def expect_kind(solution, name, rows, hint, is_right, words):
    """The function returns what it should for each row, of the right types."""
    solution.hint = hint
    for row in rows:
        got = getattr(solution, name)(*copied(row))
        expect(is_right(got), f"returned {describe(got)}; expected {words}.", f"Return {words}.")


def are_ints(kind, items):
    return type(items) is kind and all(type(one) is int for one in items)


@aspect("type")
def test_training_returns_pairs(solution):
    """train_bpe returns a list of tuples of two ints."""

    def are_pairs(got):
        return type(got) is list and all(are_ints(tuple, one) and len(one) == 2 for one in got)

    rows, words = [TEXTS[0], ENDINGS[0]], "a list of tuples of two ints"
    expect_kind(solution, "train_bpe", rows, ENDS, are_pairs, words)


@aspect("type")
def test_encoding_returns_ids(solution):
    """Encode returns a list of ints."""
    rows, are_ids = [ENCODED[0], ENCODED[-3], ENCODED[-1]], functools.partial(are_ints, list)
    expect_kind(solution, "encode", rows, ENCODE, are_ids, "a list of ints")


@aspect("type")
def test_decoding_returns_a_text(solution):
    """Decode returns a string."""
    rows = [DECODED[0], DECODED[-1]]
    expect_kind(solution, "decode", rows, DECODE, lambda got: type(got) is str, "a string")


@aspect("values")
def test_trains(solution):
    """Each round joins the most frequent pair, of equals the smaller one, wherever it stands."""
    expect_all(solution, "train_bpe", TEXTS, TRAIN)


@aspect("values")
def test_training_ends(solution):
    """Training ends after num_merges rounds, or where nothing is left to join."""
    expect_all(solution, "train_bpe", ENDINGS, ENDS)


@aspect("values")
def test_encodes(solution):
    """Pairs are joined in the order of merges, whatever text these come from."""
    expect_all(solution, "encode", ENCODED, ENCODE)


@aspect("values")
def test_decodes(solution):
    """The bytes of all ids are read together, and what is no UTF-8 is replaced."""
    expect_all(solution, "decode", DECODED, DECODE)


@aspect("values")
def test_comes_back(solution):
    """A text of all kinds of characters is the same after encode and decode."""
    text = f"  {TIMES}. Où est l'été? ﬁ e\u0301 東京 🙂🙃 👩‍👩‍👧 \0\t\r\n\x7f\ud7ff\uffff \n" * 2
    expect_all(solution, "train_bpe", [(text, 40)], TRAIN)
    merges = trained(text, 40)
    expect_all(solution, "encode", [(text, merges), (text[::-1], merges)], ENCODE)
    rows = [(encoded(one, merges), merges) for one in (text, text[::-1])]
    expect_all(solution, "decode", rows, DECODE)


@aspect("memory")
def test_keeps_lists_apart(solution):
    """Lists that are given stay as they are, each call makes its own, and torch is left alone."""
    calls = [("train_bpe", TEXTS[0]), ("encode", ENCODED[0]), ("encode", ENCODED[-1])]
    calls += [("decode", DECODED[0]), ("train_bpe", ENDINGS[0])]
    solution.hint = OWN
    with settings_watched(solution, thoroughly=True) as found:
        for name, row in calls:
            for _ in range(2):
                given = copied(row)
                got = getattr(solution, name)(*given)
                sentence = f"changed its arguments to {describe(given)}."
                expect(given == [*row], sentence, OWN)
                right = RIGHT[name](*row)
                sentence = f"returned {describe(got)} in a later call; expected {right!r}."
                expect(got == right, sentence, OWN)
                if type(got) is list:
                    got.append(None)  # the caller may do with it what it likes
                    sentence = "returned a list that it was given."
                    expect(given == [*row], sentence, OWN)
    expect(not found.text, found.text, "No random number and no setting of torch is needed.")
