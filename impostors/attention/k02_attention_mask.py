"""Wrong and right answers to attention/k02_attention_mask."""

import torch

from dojo.impostors import alternative, impostor


def places_of(lengths, max_length):
    """The positions, where the lengths lie."""
    return torch.arange(max_length, device=lengths.device)


def words_of(lengths, max_length):
    """Which places hold words: shape (B, T)."""
    return places_of(lengths, max_length) < lengths[:, None]


def triangle_of(lengths, max_length, causal, diagonal=0):
    """The lower triangle, or all True."""
    ones = torch.ones(max_length, max_length, dtype=torch.bool, device=lengths.device)
    return ones.tril(diagonal) if causal else ones


@impostor(
    "attention_mask",
    diagnosis="True means hide here, as in a key_padding_mask; it should mean see.",
    aspect="values",
)
def says_true_for_hidden(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, None]
    return ~(words & triangle_of(lengths, max_length, causal))


@impostor(
    "attention_mask",
    diagnosis="The padding is laid over the queries (rows); keys lie along the last dimension.",
    aspect="values",
)
def hides_padded_queries_in_place_of_keys(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, :, None]
    return words & triangle_of(lengths, max_length, causal)


@impostor(
    "attention_mask",
    diagnosis="The rows of padded queries are hidden too: they see the words like all queries.",
    aspect="values",
)
def hides_padded_queries_too(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)
    both = words[:, None, :, None] & words[:, None, None, :]
    return both & triangle_of(lengths, max_length, causal)


@impostor(
    "attention_mask",
    diagnosis="The triangle lacks its diagonal: each token sees itself.",
    aspect="values",
)
def hides_the_token_itself(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, None]
    return words & triangle_of(lengths, max_length, causal, -1)


@impostor(
    "attention_mask",
    diagnosis="This is the upper triangle: each token sees what comes behind it.",
    aspect="values",
)
def takes_the_upper_triangle(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, None]
    return words & triangle_of(lengths, max_length, causal).mT


@impostor(
    "attention_mask",
    diagnosis="(B, T, T) broadcasts along the heads, as (1, B, T, T): each head gets another"
    " sequence's mask.",
    aspect="shape",
)
def leaves_out_the_heads(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None]
    return words & triangle_of(lengths, max_length, causal)


@impostor(
    "attention_mask",
    diagnosis="Without causal the mask has one row for all queries, shape (B, 1, 1, T).",
    aspect="shape",
)
def gives_one_row_for_all_queries(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, None]
    return words & triangle_of(lengths, max_length, causal) if causal else words


@impostor(
    "attention_mask",
    diagnosis="`<=` counts one place too many: of length n, the last word stands at n - 1.",
    aspect="values",
)
def sees_one_place_too_many(lengths, max_length, causal=False):
    words = (places_of(lengths, max_length) <= lengths[:, None])[:, None, None]
    return words & triangle_of(lengths, max_length, causal)


@impostor(
    "attention_mask",
    diagnosis="With causal the padding is forgotten.",
    aspect="values",
)
def forgets_the_padding_with_causal(lengths, max_length, causal=False):
    words = words_of(lengths, max_length)[:, None, None].expand(-1, -1, max_length, -1)
    if causal:
        return torch.ones_like(words, memory_format=torch.contiguous_format).tril()
    return words


@impostor(
    "attention_mask",
    diagnosis="The loop takes a step for each sequence: compare all lengths at once.",
    aspect="cost",
)
def goes_from_sequence_to_sequence(lengths, max_length, causal=False):
    shape = (len(lengths), 1, max_length, max_length)
    mask = torch.zeros(shape, dtype=torch.bool, device=lengths.device)
    for one, length in zip(mask, lengths.tolist(), strict=True):
        one[..., :length] = True
    return mask.tril() if causal else mask


@impostor(
    "attention_mask",
    diagnosis="The mask holds 0 and -inf, to be added; it should hold bools.",
    aspect="dtype",
)
def makes_a_mask_to_add(lengths, max_length, causal=False):
    sees = words_of(lengths, max_length)[:, None, None] & triangle_of(lengths, max_length, causal)
    return torch.zeros(sees.shape, device=lengths.device).masked_fill(~sees, -torch.inf)


@alternative("attention_mask")
def with_one_limit_for_each_row(lengths, max_length, causal=False):
    places = places_of(lengths, max_length)
    limits = lengths.long()[:, None].expand(-1, max_length)
    if causal:
        limits = torch.minimum(limits, places + 1)
    return places < limits[:, None, :, None]


@alternative("attention_mask")
def by_written_triangles(lengths, max_length, causal=False):
    shape = (lengths.numel(), 1, max_length, max_length)
    mask = torch.ones(shape, device=lengths.device)
    mask = mask.masked_fill((~words_of(lengths, max_length))[:, None, None], 0)
    return (torch.tril(mask) if causal else mask) == 1


@alternative("attention_mask")
def by_differences(lengths, max_length, causal=False):
    ones = torch.ones(len(lengths), max_length, max_length, dtype=torch.int64)
    keys = ones.to(lengths.device).cumsum(-1)
    hidden = (keys > lengths.view(-1, 1, 1)) | (causal & (keys > keys.transpose(1, 2)))
    return hidden.logical_not().unsqueeze(1)


@alternative("attention_mask")
def from_a_table_of_all_lengths(lengths, max_length, causal=False):
    device = lengths.device
    table = torch.ones(max_length + 1, max_length, dtype=torch.bool, device=device).tril(-1)
    rows = table[lengths.long()].view(-1, 1, 1, max_length).repeat(1, 1, max_length, 1)
    return rows.tril() if causal else rows
