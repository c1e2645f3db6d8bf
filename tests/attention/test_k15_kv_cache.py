"""The checks of attention/k15_kv_cache: a cache that is filled piece by piece, beside the whole."""

import functools

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    Call,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_raises,
    expect_values,
    shares_storage,
    untouched,
)
from dojo.checks.attention import attend, causal, qkv
from dojo.checks.laws import AttentionFunction
from dojo.checks.laws.attention import LARGE
from dojo.checks.laws.settings import settings_watched

PAIR = "append returns two tensors in a tuple: the first `length` places of keys and of values."
BEHIND = "Write at the places from length to length + T, and then add T to length, an int."
MADE = "`torch.empty(shape, dtype=dtype, device=device)` makes the memory."
PLACE = "Write into the memory that is there: `self.keys[:, :, start:end] = ...`."
VIEWS = "Return slices of self.keys and self.values: they are views of that memory."
COPY = "Copy the numbers in; keep neither k nor v."
NO_GRAPH = "Copy the numbers alone, without their graph: `k.detach()`, or under no_grad."
OWN = "Each cache has memory of its own, and a length of its own: make them in __init__."
KEPT = "Each call appends k and v to the cache that it is given: later calls find these tokens, and"
KEPT += " no other cache does."
REFUSE = "Compare the shapes of both, and the room, before anything is written or counted."
GOES_ON = "After a ValueError the cache is as it was, and takes what fits."
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
SIZES = (2, 3, 6, 4)  # batch, heads, places, size


def recomputed(q, k, v):
    """Right: all that came so far attends anew for each token, and the last row is taken."""
    rows = []
    for end in range(1, q.shape[2] + 1):
        scores = q[:, :, :end] @ k[:, :, :end].mT * q.shape[-1] ** -0.5
        sees = torch.ones(end, end, dtype=torch.bool, device=q.device).tril()
        weights = scores.masked_fill(~sees, -torch.inf).softmax(-1)
        rows.append((weights @ v[:, :, :end])[:, :, -1:])
    return torch.cat(rows, 2)


def token_by_token(answer, q, k, v):
    """All tokens, one after the other, through one cache."""
    cache = answer.KVCache(*k.shape, k.dtype, k.device)
    steps = zip(*(one.split(1, 2) for one in (q, k, v)), strict=True)
    return torch.cat([answer.cached_attention(cache, *step) for step in steps], 2)


BENCHMARK = Benchmark(
    "cached_attention",
    means="n tokens, one after the other: shape (1, 8, n, 64) in all, float32",
    inputs=lambda n: tuple(torch.randint(4, (1, 8, n, 64)).float() for _ in "qkv"),
    sizes=(8, 64, 512),
    bytes_moved=lambda n: 4 * 8 * 64 * (n * (n + 1) + 4 * n),  # all keys and values in each step
    operations=lambda n: 2 * 2 * 8 * 64 * n * (n + 1) // 2,
    naive=recomputed,
    naive_up_to=64,
    call=token_by_token,
)


def tokens(count, device="cpu", dtype=torch.float32, seed=1):
    """K and v of some tokens."""
    batch, heads, _, size = SIZES
    _, k, v = qkv(batch, heads, queries=1, keys=count, size=size, of_values=size, seed=seed)
    return [torch.tensor(one).to(device, dtype) for one in (k, v)]


def made(solution, device, hint, dtype=torch.float32):
    """A new cache; where to look if something raises."""
    solution.hint = hint
    return solution.KVCache(*SIZES, dtype=dtype, device=device)


def held(cache, got=()):
    """The tensors of a cache, and those that append returned, in words."""
    views = dict(zip(("keys from append", "values from append"), got, strict=False))
    return {"keys": cache.keys, "values": cache.values} | views


@aspect("shape")
def test_has_all_places(solution, device):
    """keys and values have all places from the beginning; append returns the first `length`."""
    cache, got = made(solution, device, PLACE), ()
    for length, count in ((0, 0), (1, 1), (3, 2), (6, 3)):
        if count:
            got = cache.append(*tokens(count, device))
            is_pair = isinstance(got, tuple) and len(got) == 2
            expect(is_pair, f"returned {describe(got)} from append; expected a tuple of 2.", PAIR)
        solution.last_call = f"KVCache{SIZES}, after {length} tokens,"
        is_right = type(cache.length) is int and cache.length == length
        sentence = f"has the length {describe(cache.length)}; expected {length}."
        expect(is_right, sentence, BEHIND)
        for name, one in held(cache, got).items():
            is_all = name in ("keys", "values")
            shape = SIZES if is_all else (*SIZES[:2], length, SIZES[3])
            found = tuple(one.shape) if isinstance(one, torch.Tensor) else describe(one)
            sentence = f"has {name} of shape {found}; expected {shape}."
            expect(found == shape, sentence, PLACE if is_all else PAIR)


@aspect("device")
def test_lies_on_its_device(solution, device):
    """The cache lies on the device that it is made with, the CPU if none is given."""
    solution.hint = MADE
    for where in (device, torch.device(device), None):
        cache = solution.KVCache(*SIZES, **({"device": where} if where else {}))
        got = cache.append(*tokens(1, where or "cpu"))
        for name, one in held(cache, got).items():
            expect_device(one, where or "cpu", MADE, name)
            expect_dtype(one, torch.float32, MADE, name)


@aspect("values")
def test_keeps_what_is_appended(solution, device):
    """Pieces stand one behind the other, in every dtype and however they lie in memory."""
    for number, pieces in enumerate(([6], [1] * 6, [3, 2], [1, 4, 1])):
        whole, end = tokens(sum(pieces), device, DTYPES[number], seed=number), 0
        cache = made(solution, device, BEHIND, DTYPES[number])
        for given in zip(*(one.split(pieces, 2) for one in whole), strict=True):
            got, end = cache.append(*given), end + given[0].shape[2]
            solution.last_call = f"KVCache{SIZES}, after {end} tokens in pieces of {pieces},"
            for (name, one), expected in zip(
                held(cache, got).items(), (*whole, *whole), strict=True
            ):
                is_typed = one.dtype == expected.dtype
                hint = BEHIND if is_typed else MADE
                expected = expected[:, :, :end].cpu()
                expect_values(one[:, :, :end], expected, hint, name, rtol=0, atol=0)


@aspect("memory")
def test_stays_in_its_memory(solution, device):
    """keys and values stay in their memory, and append returns views of it."""
    for pieces in ((2, 1, 3), (SIZES[2],)):
        cache = made(solution, device, PLACE)
        before = {name: (one, one.data_ptr(), one.stride()) for name, one in held(cache).items()}
        for count in pieces:
            given = tokens(count, device, seed=count)
            with untouched(COPY, k=given[0], v=given[1]), settings_watched(solution) as found:
                got = cache.append(*given)
            solution.last_call = f"append, of {count} tokens,"
            expect(not found.text, found.text, NO_GRAPH)
            for (name, (old, *place)), view in zip(before.items(), got, strict=True):
                one = getattr(cache, name)
                is_there = shares_storage(one, old) and [one.data_ptr(), one.stride()] == place
                expect(is_there, f"moved {name} to other memory.", PLACE)
                is_view = shares_storage(view, one) and view.data_ptr() == one.data_ptr()
                expect(is_view, f"returned a copy of the {name}; expected a view.", VIEWS)


@aspect("memory")
def test_keeps_copies(solution, device):
    """What happens to k and v later changes nothing in the cache, and caches share nothing."""
    cache, other = (made(solution, device, COPY) for _ in range(2))
    for count in (SIZES[2] - 2, 2):
        given = tokens(count, device, seed=count)
        other.append(*(one + 1 for one in given))
        got = cache.append(*given)
        kept = [one.clone() for one in got]
        for one in given:
            one.fill_(55.0)
        is_kept = all(map(torch.equal, got, kept))
        expect(is_kept, "keeps a tensor that append was given.", COPY)
    for name, one in held(cache).items():
        numbers = [twin.clone() for twin in held(other).values()]
        one.fill_(66.0)
        is_kept = all(map(torch.equal, numbers, held(other).values()))
        expect(is_kept, f"shares the memory of its {name} with another cache.", OWN)


@aspect("memory")
def test_keeps_no_graph(solution, device):
    """k and v may require grad; the cache and what append returns do not."""
    for count in (2, SIZES[2]):
        cache = made(solution, device, NO_GRAPH)
        given = [one.requires_grad_() * 2 for one in tokens(count, device)]
        got = cache.append(*given)
        solution.last_call = "KVCache, after tokens that require grad,"
        for name, one in held(cache, got).items():
            expect(not one.requires_grad, f"has {name} that require grad.", NO_GRAPH)


@aspect("errors")
def test_refuses_what_does_not_fit(solution, device):
    """What has no room or another shape raises ValueError, and nothing has changed."""
    k, v = tokens(2, device)
    wrong = {  # three of six places are taken
        "4 tokens for 3 places": tokens(4, device),
        "7 tokens for 3 places": tokens(7, device),
        "a k of shape (1, 3, 2, 4)": (k[:1], v),
        "a v of shape (2, 1, 2, 4)": (k, v[:, :1]),
        "k and v of shape (1, 1, 2, 4)": (k[:1, :1], v[:1, :1]),
        "k and v of shape (2, 3, 2, 1)": (k[..., :1], v[..., :1]),
        "a v of shape (2, 3, 2, 3)": (k, v[..., :3]),
        "a v of one token for two keys": (k, v[:, :, :1]),
        "a k of one token for two values": (k[:, :, :1], v),
        "k and v of shape (3, 2, 4)": (k[0], v[0]),
        "a k of shape (1, 2, 3, 2, 4)": (k[None], v),
        "k and v with tokens before heads": (k.transpose(1, 2), v.transpose(1, 2)),
    }
    for words, given in list(wrong.items())[: None if device == "cpu" else 3]:
        cache = made(solution, device, REFUSE)
        cache.append(*tokens(3, device, seed=3))
        before = {name: one.clone() for name, one in held(cache).items()}
        solution.last_call = "append"
        for call in (cache.append, functools.partial(solution.cached_attention, cache, k)):
            expect_raises(ValueError, functools.partial(call, *given), REFUSE, words)
            solution.last_call = f"append, with {words},"
            sentence = f"raised ValueError, but made length {cache.length}; expected 3."
            expect(cache.length == 3, sentence, REFUSE)
            for name, one in held(cache).items():  # empty places may hold NaN
                is_same = torch.equal(one.nan_to_num(9), before[name].nan_to_num(9))
                expect(is_same, f"raised ValueError after it had written to {name}.", REFUSE)
        cache.append(*tokens(3, device))
        expect(cache.length == 6, f"has length {cache.length} then; expected 6.", GOES_ON)


def case(sizes, tokens, past, room, seed):
    """The q, k and v of a call, what was appended before and in which pieces, and max_length."""
    batch, heads, size = sizes
    count = sum(past) + tokens
    q, k, v = qkv(batch, heads, queries=tokens, keys=count, size=size, of_values=size, seed=seed)
    halves = [np.split(one, [sum(past)], 2) for one in (k, v)]
    (old_k, k), (old_v, v) = halves
    return q, k, v, *((old_k, old_v) if past else (None, None)), past, room


def of_large_scores():
    """``LARGE``, of which one key is there before."""
    q, k, v = (np.array(one)[None, None] for one in LARGE)
    v = np.concatenate([v, -v[..., ::-1]], -1)
    return q, k[:, :, 1:], v[:, :, 1:], k[:, :, :1], v[:, :, :1], (1,), 5


class TestCachedAttention(AttentionFunction):
    name = "cached_attention"
    cases = [
        case((1, 1, 2), 1, (3,), 5, seed=1),
        case((1, 2, 3), 3, (), 4, seed=2),
        case((2, 3, 4), 2, (2, 1), 8, seed=3),
        case((3, 2, 1), 1, (1, 1, 1, 1), 5, seed=4),
        case((2, 1, 3), 4, (1,), 5, seed=5),
        case((1, 2, 2), 1, (), 1, seed=6),
    ]
    wild = [of_large_scores()]
    refused = [
        (case(sizes, tokens, past, room, 7), None, ValueError, REFUSE)
        for sizes, tokens, past, room in (((1, 2, 3), 2, (2,), 3), ((2, 1, 4), 3, (), 2))
    ]
    recorded = False
    forbidden = ""
    hints = AttentionFunction.hints | {
        "shape": "The result has q's shape: a row for each new query.",
        "values": "Append first; then query i of T sees the first length - T + 1 + i places.",
        "nan": "Memory that was never written holds NaN here: places behind length take no part.",
    }
    sentences = AttentionFunction.sentences | {
        "test_has_the_shape": "The result has a row for each new query.",
        "test_values": "Each new query attends to all that was there, and to the new keys up to its"
        " own.",
        "test_hidden_places_change_nothing": "Later keys and values of a piece change nothing for a"
        " query.",
    }

    def call(self, solution, arguments):
        q, k, v, past_k, past_v, pieces, room = arguments
        batch, heads, _, size = q.shape
        cache = solution.KVCache(batch, heads, room, size, q.dtype, q.device)
        if pieces:
            past = [torch.tensor(one).to(k).split(pieces, 2) for one in (past_k, past_v)]
            for pair in zip(*past, strict=True):
                cache.append(*pair)
        try:
            return solution.cached_attention(cache, q, k, v)
        finally:
            text = f"{sum(pieces)} tokens in KVCache{(batch, heads, room, size)}: cached_attention"
            solution.last_call = Call(text, [q, k, v], {})

    def seen(self, q, k, *rest):
        return causal(q.shape[-2], k.shape[-2])

    def whole(self, k, v, past_k, past_v):
        """All keys and values."""
        pairs = ((past_k, k), (past_v, v))
        return [new if old is None else np.concatenate([old, new], 2) for old, new in pairs]

    def truth(self, q, k, v, past_k, past_v, *rest):
        return super().truth(q, *self.whole(k, v, past_k, past_v))

    def others(self, q, k, v, past_k, past_v, pieces, room):
        keys, values = self.whole(k, v, past_k, past_v)
        new, count = q.shape[2], keys.shape[2]
        empty = [(0, 0), (0, 0), (0, room - count), (0, 0)]
        with_empty = np.pad(causal(new, count), empty[1:3], constant_values=True)
        return super().others(q, keys, values) | {
            "The triangle begins at the upper left here; the new queries are the last places.": (
                attend(q, keys, values, np.tri(new, count, dtype=bool))
            ),
            "Empty places take part here, with keys and values of 0.": attend(
                q, np.pad(keys, empty), np.pad(values, empty), with_empty
            ),
            "Each query sees all new keys here: hide the later ones.": attend(q, keys, values),
            "Only the new keys take part here: attend to what append returns.": attend(
                q, k, v, causal(new, new)
            ),
            "A query sees its own key too, not only those before it.": attend(
                q, keys, values, np.tri(new, count, count - new - 1, dtype=bool)
            ),
        }

    @aspect("values")
    def test_takes_a_text_in_pieces(self, solution, device):
        """Calls for the pieces of a text give together what the whole text gives."""
        for number, pieces in enumerate(([1, 1, 1, 1], [3, 1, 2], [2, 3])):
            dtype, count = DTYPES[number % 2], sum(pieces)
            arrays = qkv(*SIZES[:2], queries=count, keys=count, size=4, of_values=4, seed=number)
            tensors = [torch.tensor(one).to(device, dtype) for one in arrays]
            whole = torch.tensor(attend(*arrays, causal(count, count)), dtype=dtype)
            cache, other = (made(solution, device, OWN, dtype) for _ in range(2))
            results = []
            for piece in zip(*(one.split(pieces, 2) for one in tensors), strict=True):
                results.append(solution.cached_attention(cache, *piece))
                solution.cached_attention(other, *(one + 1 for one in piece))  # tokens of its own
            for n, (got, expected) in enumerate(zip(results, whole.split(pieces, 2), strict=True)):
                solution.last_call = f"cached_attention, for piece {n} of the sizes {pieces},"
                expect_values(got, expected, KEPT, rtol=0, atol=self.of_largest[dtype])
