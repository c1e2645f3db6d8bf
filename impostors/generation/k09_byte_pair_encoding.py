"""Wrong and right answers to generation/k09_byte_pair_encoding."""

import heapq
import re
from collections import Counter, defaultdict
from itertools import pairwise

from dojo.impostors import alternative, impostor


def joined(ids, pair, new):
    """The ids with each place of the pair joined, from left to right."""
    result = []
    for one in ids:
        if result and not result[-1][1] and (result[-1][0], one) == pair:
            result[-1] = new, True
        else:
            result.append((one, False))
    return [one for one, _ in result]


def pair_counts(ids):
    return Counter(pairwise(ids))


def best_of(counts):
    return max(counts, key=lambda pair: (counts[pair], -pair[0], -pair[1]))


def trained(ids, most, count=pair_counts, best=best_of, join=joined, least=1):
    """The merges, but for what is given."""
    merges = []
    for number in range(most):
        counts = count(ids)
        if not counts or max(counts.values()) < least:
            break
        pair = best(counts)
        ids = join(ids, pair, 256 + number)
        merges.append(pair)
    return merges


def spellings(merges):
    """The bytes of each id."""
    found = [bytes([one]) for one in range(256)]
    for first, second in merges:
        found.append(found[first] + found[second])
    return found


@impostor(
    "train_bpe",
    diagnosis="Of equally frequent pairs the first in the text is taken: `max` of a dict goes by"
    " the order of its keys.",
    aspect="values",
)
def takes_the_first_of_equals(text, num_merges):
    return trained(text.encode(), num_merges, best=lambda counts: max(counts, key=counts.get))


@impostor(
    "train_bpe",
    diagnosis="Of equally frequent pairs the largest tuple is taken: max of (count, pair).",
    aspect="values",
)
def takes_the_largest_of_equals(text, num_merges):
    return trained(
        text.encode(),
        num_merges,
        best=lambda counts: max((n, pair) for pair, n in counts.items())[1],
    )


@impostor(
    "train_bpe",
    diagnosis="Equally frequent pairs are compared by the bytes that they stand for.",
    aspect="values",
)
def compares_bytes(text, num_merges):
    ids, merges = text.encode(), []
    while len(merges) < num_merges and (counts := pair_counts(ids)):
        known = spellings(merges)
        pair = min(counts, key=lambda pair: (-counts[pair], known[pair[0]], known[pair[1]]))
        ids = joined(ids, pair, 256 + len(merges))
        merges.append(pair)
    return merges


@impostor(
    "train_bpe",
    diagnosis='Places that overlap are counted once: "aaa" has (97, 97) twice.',
    aspect="values",
)
def counts_without_overlap(text, num_merges):
    def count(ids):
        counts = Counter()
        for pair in set(pairwise(ids)):
            counts[pair] = len(ids) - len(joined(ids, pair, -1))
        return counts

    return trained(text.encode(), num_merges, count=count)


@impostor(
    "train_bpe",
    diagnosis="A round joins the first place of the pair alone.",
    aspect="values",
)
def joins_one_place(text, num_merges):
    def join(ids, pair, new):
        place = list(pairwise(ids)).index(pair)
        return [*ids[:place], new, *ids[place + 2 :]]

    return trained(text.encode(), num_merges, join=join)


@impostor(
    "train_bpe",
    diagnosis='Joined places overlap: "aaa" becomes two new ids, or loses one.',
    aspect="values",
)
def joins_with_overlap(text, num_merges):
    def join(ids, pair, new):
        places = [i for i, one in enumerate(pairwise(ids)) if one == pair]
        ends = {i + 1 for i in places}
        return [
            new if i in places else one for i, one in enumerate(ids) if i in places or i not in ends
        ]

    return trained(text.encode(), num_merges, join=join)


@impostor(
    "train_bpe",
    diagnosis="Places are joined from the right: an odd id is left over at the wrong end.",
    aspect="values",
)
def joins_from_the_right(text, num_merges):
    def join(ids, pair, new):
        return joined(ids[::-1], pair[::-1], new)[::-1]

    return trained(text.encode(), num_merges, join=join)


@impostor(
    "train_bpe",
    diagnosis="The text is taken as characters, and not as UTF-8 bytes.",
    aspect="values",
)
def trains_on_characters(text, num_merges):
    return trained([ord(one) for one in text], num_merges)


@impostor(
    "train_bpe",
    diagnosis="It stops where each pair stands once; such pairs are joined too.",
    aspect="values",
)
def stops_at_single_pairs(text, num_merges):
    return trained(text.encode(), num_merges, least=2)


@impostor(
    "train_bpe",
    diagnosis="The pairs are counted once for two rounds.",
    aspect="values",
)
def joins_two_pairs_a_round(text, num_merges):
    ids, merges = text.encode(), []
    while len(merges) < num_merges and (counts := pair_counts(ids)):
        for pair in sorted(counts, key=lambda pair: (-counts[pair], pair))[:2]:
            ids = joined(ids, pair, 256 + len(merges))
            merges.append(pair)
    return merges[:num_merges]


@impostor(
    "train_bpe",
    diagnosis="The text is split into words: pairs with a space are never joined.",
    aspect="values",
)
def splits_into_words(text, num_merges):
    def count(ids):
        return Counter(pair for pair in pairwise(ids) if 32 not in pair)

    return trained(text.encode(), num_merges, count=count)


@impostor(
    "train_bpe",
    diagnosis="The empty text crashes: there is no best pair of none.",
    aspect="type",
)
def crashes_without_pairs(text, num_merges):
    ids, merges = list(text.encode()), []
    for number in range(num_merges):
        counts = pair_counts(ids)
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = joined(ids, pair, 256 + number)
        merges.append(pair)
        if len(ids) < 2:
            break
    return merges


@impostor(
    "train_bpe",
    diagnosis="A dict of pairs and ids comes back; a list of pairs is asked for.",
    aspect="type",
)
def returns_a_dict(text, num_merges):
    merges = trained(text.encode(), num_merges)
    return {pair: 256 + i for i, pair in enumerate(merges)}


@impostor(
    "encode",
    diagnosis="The leftmost known pair is joined first; the pair of lowest rank goes first.",
    aspect="values",
)
def joins_the_leftmost(text, merges):
    ids, place = list(text.encode()), 0
    while place < len(ids) - 1:
        pair = ids[place], ids[place + 1]
        if pair in merges:
            ids[place : place + 2] = [256 + merges.index(pair)]
            place = 0
        else:
            place += 1
    return ids


@impostor(
    "encode",
    diagnosis="The longest token that fits is taken from the left; pairs are joined by rank.",
    aspect="values",
)
def takes_the_longest(text, merges):
    left, result = text.encode(), []
    known = spellings(merges)
    while left:
        one = max(
            (i for i, piece in enumerate(known) if left.startswith(piece)),
            key=lambda i: len(known[i]),
        )
        result.append(one)
        left = left[len(known[one]) :]
    return result


@impostor(
    "encode",
    diagnosis="Two neighbours are joined if their bytes together are those of an id, as tiktoken"
    " does it.",
    aspect="values",
)
def joins_what_spells_an_id(text, merges):
    known = spellings(merges)
    parts = [bytes([one]) for one in text.encode()]
    while True:
        pairs = [
            (known.index(a + b), i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in known
        ]
        if not pairs:
            return [known.index(part) for part in parts]
        place = min(pairs)[1]
        parts[place : place + 2] = [parts[place] + parts[place + 1]]


@impostor(
    "encode",
    diagnosis="The most frequent pair of the text is joined first, as in training.",
    aspect="values",
)
def goes_by_frequency(text, merges):
    ids = list(text.encode())
    while counts := Counter(pair for pair in pairwise(ids) if pair in merges):
        pair = best_of(counts)
        ids = joined(ids, pair, 256 + merges.index(pair))
    return ids


@impostor(
    "encode",
    diagnosis="The pair of highest rank is joined first: `max` in the place of `min`.",
    aspect="values",
)
def goes_by_the_highest_rank(text, merges):
    ids = list(text.encode())
    while known := [pair for pair in pairwise(ids) if pair in merges]:
        pair = max(known, key=merges.index)
        ids = joined(ids, pair, 256 + merges.index(pair))
    return ids


@impostor(
    "encode",
    diagnosis="Each pair of merges is joined in one place only.",
    aspect="values",
)
def encodes_one_place(text, merges):
    ids = list(text.encode())
    for i, pair in enumerate(merges):
        places = list(pairwise(ids))
        if pair in places:
            place = places.index(pair)
            ids[place : place + 2] = [256 + i]
    return ids


@impostor(
    "encode",
    diagnosis="The text is encoded as characters; it begins as bytes.",
    aspect="values",
)
def encodes_characters(text, merges):
    ids = [ord(one) for one in text]
    for i, pair in enumerate(merges):
        ids = joined(ids, pair, 256 + i)
    return ids


@impostor(
    "encode",
    diagnosis="Merges are taken off the caller's list.",
    aspect="memory",
)
def eats_the_merges(text, merges):
    ids, number = list(text.encode()), 256
    while merges:
        ids = joined(ids, merges.pop(0), number)
        number += 1
    return ids


@impostor(
    "decode",
    diagnosis="Each id is decoded alone: characters whose bytes are in two ids are lost.",
    aspect="values",
)
def decodes_each_id(ids, merges):
    known = spellings(merges)
    return "".join(known[one].decode("utf-8", errors="replace") for one in ids)


@impostor(
    "decode",
    diagnosis="Bytes that are no UTF-8 raise an error; they become U+FFFD.",
    aspect="values",
)
def decodes_strictly(ids, merges):
    known = spellings(merges)
    return b"".join(known[one] for one in ids).decode()


@impostor(
    "decode",
    diagnosis="Bytes that are no UTF-8 are left out; they become U+FFFD.",
    aspect="values",
)
def decodes_and_ignores(ids, merges):
    known = spellings(merges)
    return b"".join(known[one] for one in ids).decode(errors="ignore")


@impostor(
    "decode",
    diagnosis="Each byte becomes a character of its own (chr).",
    aspect="values",
)
def decodes_bytes_as_characters(ids, merges):
    known = spellings(merges)
    return "".join(chr(byte) for one in ids for byte in known[one])


@impostor(
    "decode",
    diagnosis="An id is taken apart once; what it is made of may be joined pairs too.",
    aspect="values",
)
def takes_apart_once(ids, merges):
    parts = []
    for one in ids:
        parts += merges[one - 256] if one > 255 else [one]
    return bytes(part % 256 for part in parts).decode(errors="replace")


@alternative("train_bpe")
def by_updated_counts(text, num_merges):
    """A linked list, with the places of each pair, and a heap of counts."""
    ids = list(text.encode())
    after, before = list(range(1, len(ids) + 1)), list(range(-1, len(ids) - 1))
    places = defaultdict(set)
    for place, pair in enumerate(pairwise(ids)):
        places[pair].add(place)
    heap = [(-len(found), pair) for pair, found in places.items()]
    heapq.heapify(heap)
    merges = []

    def change(pair, place, add):
        (places[pair].add if add else places[pair].discard)(place)
        heapq.heappush(heap, (-len(places[pair]), pair))

    while heap and len(merges) < num_merges:
        count, pair = heapq.heappop(heap)
        if -count != len(places[pair]) or not count:
            continue
        new = 256 + len(merges)
        merges.append(pair)
        for place in sorted(places[pair]):
            if place not in places[pair]:
                continue
            second = after[place]
            left, right = before[place], after[second]
            if left >= 0:
                change((ids[left], ids[place]), left, False)
            if right < len(ids):
                change((ids[second], ids[right]), second, False)
            change(pair, place, False)
            ids[place] = new
            after[place] = right
            if right < len(ids):
                before[right] = place
                change((new, ids[right]), place, True)
            if left >= 0:
                change((ids[left], new), left, True)
    return merges


@alternative("train_bpe")
def by_sorting_and_slices(text, num_merges):
    ids = [*bytes(text, "utf8")]
    merges = []
    while num_merges > len(merges) and len(ids) >= 2:
        counts = {}
        for i in range(len(ids) - 1):
            pair = (ids[i], ids[i + 1])
            counts[pair] = counts.get(pair, 0) + 1
        first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[0][0]
        merges.append(first)
        i = 0
        while i < len(ids) - 1:
            if (ids[i], ids[i + 1]) == first:
                ids[i : i + 2] = [255 + len(merges)]
            i += 1
    return merges


@alternative("train_bpe")
def by_regular_expressions(text, num_merges):
    line, merges = text.encode().decode("latin-1"), []
    for new in range(256, 256 + num_merges):
        counts = Counter(re.findall("(?s)(?=(..))", line))
        if not counts:
            break
        most = max(counts.values())
        pair = min(pair for pair, count in counts.items() if count == most)
        line = re.sub(re.escape(pair), chr(new), line)
        merges.append((ord(pair[0]), ord(pair[1])))
    return merges


@alternative("encode")
def in_the_order_of_merges(text, merges):
    ids = list(text.encode())
    for i, pair in enumerate(merges):
        ids = joined(ids, tuple(pair), 256 + i)
    return ids


@alternative("encode")
def one_place_at_a_time(text, merges):
    ids = list(text.encode("utf-8"))
    while True:
        ranks = [merges.index(pair) if pair in merges else len(merges) for pair in pairwise(ids)]
        if min(ranks, default=len(merges)) == len(merges):
            return ids
        place = ranks.index(min(ranks))
        ids[place : place + 2] = [256 + ranks[place]]


@alternative("decode")
def by_taking_apart(ids, merges):
    result, left = bytearray(), list(reversed(ids))
    while left:
        one = left.pop()
        if one < 256:
            result.append(one)
        else:
            left += reversed(merges[one - 256])
    return str(result, "utf-8", "replace")


@alternative("decode")
def by_recursion(ids, merges):
    def spelled(one):
        if one < 256:
            return (one,)
        first, second = merges[one - 256]
        return (*spelled(first), *spelled(second))

    return bytes(byte for one in ids for byte in spelled(one)).decode("utf-8", "replace")
