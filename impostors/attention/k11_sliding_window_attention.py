"""Wrong and right answers to attention/k11_sliding_window_attention."""

import math

import torch

from dojo.impostors import alternative, impostor


def refuse(q, k, window):
    """Raise for what cannot be."""
    if window < 1 or q.shape[-2] > k.shape[-2]:
        raise ValueError("There is no such window.")


def shared(scores, v, sees):
    """The mean of the values that are seen: of each query's own keys, (..., Q, W, E)."""
    return (scores.masked_fill(~sees, -torch.inf).softmax(-1).unsqueeze(-2) @ v).squeeze(-2)


def by_places(q, k, v, window, key=None, sees=None):
    """Right with the key's place for each query and step, and which of these are there."""
    refuse(q, k, window)
    keys = k.shape[-2]
    own = torch.arange(keys - q.shape[-2], keys, device=q.device).unsqueeze(-1)
    step = torch.arange(min(window, keys), device=q.device)
    key = own - step if key is None else key(own, step)
    sees = (key >= 0) & (key < keys) if sees is None else sees(key)
    at = key.clamp(0, keys - 1)
    scores = (q.unsqueeze(-2) * k[..., at, :]).sum(-1) / math.sqrt(q.shape[-1])
    return shared(scores, v[..., at, :], sees)


@impostor(
    "sliding_window_attention",
    diagnosis="The window has one key too many: its own key and `window` before it.",
    aspect="values",
)
def sees_one_key_more(q, k, v, window):
    refuse(q, k, window)
    return by_places(q, k, v, window + 1)


@impostor(
    "sliding_window_attention",
    diagnosis="The window goes to both sides: later keys are seen.",
    aspect="values",
)
def looks_to_both_sides(q, k, v, window):
    return by_places(
        q,
        k,
        v,
        window,
        key=lambda own, step: own + torch.cat([-step, step[1:]]),
    )


@impostor(
    "sliding_window_attention",
    diagnosis="The window is centred on the query, which looks ahead.",
    aspect="values",
)
def centres_the_window(q, k, v, window):
    def key(own, step):
        return own + torch.arange(-(window // 2), window // 2 + 1, device=q.device)

    return by_places(q, k, v, window, key=key)


@impostor(
    "sliding_window_attention",
    diagnosis="The queries count from place 0: with a cache they read the oldest keys.",
    aspect="values",
)
def counts_queries_from_zero(q, k, v, window):
    return by_places(
        q,
        k,
        v,
        window,
        key=lambda own, step: own - (k.shape[-2] - q.shape[-2]) - step,
    )


@impostor(
    "sliding_window_attention",
    diagnosis="Rows of zeros in front of the first key are not hidden: with the score 0 they take a"
    " share.",
    aspect="values",
)
def sees_the_rows_in_front(q, k, v, window):
    refuse(q, k, window)
    k, v = (
        torch.nn.functional.pad(one, (0, 0, window - 1, 0)).unfold(-2, window, 1) for one in (k, v)
    )
    k, v = (one[..., one.shape[-3] - q.shape[-2] :, :, :] for one in (k, v))
    scores = (q.unsqueeze(-2) @ k).squeeze(-2) / math.sqrt(q.shape[-1])
    return shared(scores, v.mT, torch.ones_like(scores, dtype=torch.bool))


@impostor(
    "sliding_window_attention",
    diagnosis="Places before the first key become place 0: the first key is counted several times.",
    aspect="values",
)
def repeats_the_first_key(q, k, v, window):
    return by_places(q, k, v, window, sees=lambda key: key >= -k.shape[-2])


@impostor(
    "sliding_window_attention",
    diagnosis="Places below 0 count from the end: the first queries read the last keys.",
    aspect="values",
)
def reads_from_the_end(q, k, v, window):
    return by_places(
        q,
        k,
        v,
        window,
        key=lambda own, step: (own - step) % k.shape[-2],
    )


@impostor(
    "sliding_window_attention",
    diagnosis="Each query sees its own block only: the window does not reach over its border.",
    aspect="values",
)
def stays_in_its_block(q, k, v, window):
    refuse(q, k, window)
    own = torch.arange(k.shape[-2] - q.shape[-2], k.shape[-2], device=q.device).unsqueeze(-1)
    return by_places(q, k, v, window, sees=lambda key: key >= own // window * window)


@impostor(
    "sliding_window_attention",
    diagnosis="Each block sees all of the block before it too: up to 2 * window - 1 keys.",
    aspect="values",
)
def sees_the_whole_block_before(q, k, v, window):
    refuse(q, k, window)
    own = torch.arange(k.shape[-2] - q.shape[-2], k.shape[-2], device=q.device).unsqueeze(-1)
    return by_places(
        q,
        k,
        v,
        2 * window,
        sees=lambda key: (key >= 0) & (key >= (own // window - 1) * window),
    )


def with_a_band(q, k, v, window, hide=True):
    """Right with a mask of all scores."""
    refuse(q, k, window)
    queries, keys = q.shape[-2], k.shape[-2]
    ones = torch.ones(queries, keys, dtype=torch.bool, device=q.device)
    band = ones.tril(keys - queries).triu(keys - queries - window + 1)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.masked_fill(~(band if hide else ones), -torch.inf).softmax(-1) @ v


@impostor(
    "sliding_window_attention",
    diagnosis="The band is right, but it is cut out of all Q * K scores.",
    aspect="memory",
)
def cuts_a_band_out(q, k, v, window):
    return with_a_band(q, k, v, window)


@impostor(
    "sliding_window_attention",
    diagnosis="The window is ignored: all earlier keys are seen.",
    aspect="values",
)
def ignores_the_window(q, k, v, window):
    refuse(q, k, window)
    return with_a_band(q, k, v, k.shape[-2])


@impostor(
    "sliding_window_attention",
    diagnosis="It is right for one query after the other, but takes a mask of Q * K from which each"
    " has its row.",
    aspect="memory",
)
def makes_the_whole_mask(q, k, v, window):
    refuse(q, k, window)
    queries, keys = q.shape[-2], k.shape[-2]
    ones = torch.ones(queries, keys, dtype=torch.bool, device=q.device)
    band = ones.tril(keys - queries).triu(keys - queries - window + 1)
    rows = []
    for n, sees in enumerate(band):
        scores = q[..., n : n + 1, :] @ k.mT / math.sqrt(q.shape[-1])
        rows.append(scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v)
    return torch.cat(rows, -2)


@impostor(
    "sliding_window_attention",
    diagnosis="A window below 1 is not refused.",
    aspect="errors",
)
def refuses_no_window(q, k, v, window):
    refuse(q, k, 1)
    return by_places(q, k, v, max(window, 1))


@impostor(
    "sliding_window_attention",
    diagnosis="A window that is larger than K is refused.",
    aspect="shape",
)
def refuses_a_large_window(q, k, v, window):
    if window > k.shape[-2]:
        raise ValueError("The window is larger than the sequence.")
    return by_places(q, k, v, window)


@impostor(
    "sliding_window_attention",
    diagnosis="It calls torch's own attention on the keys of each window.",
    aspect="structure",
)
def calls_torchs_own(q, k, v, window):
    refuse(q, k, window)
    rows = []
    for n in range(k.shape[-2] - q.shape[-2], k.shape[-2]):
        keys = slice(max(0, n - window + 1), n + 1)
        one = q[..., n - k.shape[-2] + q.shape[-2], :].unsqueeze(-2)
        rows.append(
            torch.nn.functional.scaled_dot_product_attention(one, k[..., keys, :], v[..., keys, :])
        )
    return torch.cat(rows, -2)


@alternative("sliding_window_attention")
def query_by_query(q, k, v, window):
    refuse(q, k, window)
    rows = []
    for stop in range(k.shape[-2] - q.shape[-2] + 1, k.shape[-2] + 1):
        part = slice(max(0, stop - window), stop)
        one = q[..., stop - 1 - k.shape[-2] + q.shape[-2], :]
        weights = torch.einsum("...d,...kd->...k", one, k[..., part, :]) / math.sqrt(q.shape[-1])
        rows.append(torch.einsum("...k,...ke->...e", weights.softmax(-1), v[..., part, :]))
    return torch.stack(rows, -2)


@alternative("sliding_window_attention")
def by_taking_the_places(q, k, v, window):
    return by_places(q, k, v, window)


@alternative("sliding_window_attention")
def step_by_step(q, k, v, window):
    refuse(q, k, window)
    queries, keys = q.shape[-2], k.shape[-2]
    scores, values = [], []
    for step in range(min(window, keys)):
        # the key `step` places before each query; what does not come from a place is hidden
        moved, there = k.roll(step, -2), torch.arange(keys, device=q.device) >= step
        score = (q * moved[..., keys - queries :, :]).sum(-1) / math.sqrt(q.shape[-1])
        scores.append(torch.where(there[keys - queries :], score, -torch.inf))
        values.append(v.roll(step, -2)[..., keys - queries :, :])
    weights = torch.stack(scores).softmax(0)
    return sum(weight.unsqueeze(-1) * value for weight, value in zip(weights, values, strict=True))


@alternative("sliding_window_attention")
def by_windows_as_a_view(q, k, v, window):
    refuse(q, k, window)
    queries, keys = q.shape[-2], k.shape[-2]
    window = min(window, keys)
    front = [one.new_zeros((*one.shape[:-2], window - 1, one.shape[-1])) for one in (k, v)]
    k, v = (
        torch.cat([zeros, one], -2).unfold(-2, window, 1)[..., keys - queries :, :, :]
        for zeros, one in zip(front, (k, v), strict=True)
    )
    scores = torch.einsum("...qd,...qdw->...qw", q, k) / q.shape[-1] ** 0.5
    begins = torch.arange(keys - queries, keys, device=q.device)[:, None] - window + 1
    hidden = begins + torch.arange(window, device=q.device) < 0
    weights = (scores + torch.zeros_like(scores).masked_fill(hidden, -torch.inf)).softmax(-1)
    return torch.einsum("...qw,...qew->...qe", weights, v)
