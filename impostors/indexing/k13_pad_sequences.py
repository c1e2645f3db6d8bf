"""Wrong and right answers to indexing/k13_pad_sequences."""

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from dojo.impostors import alternative, impostor


def checked(sequences):
    """The sequences, of which there is at least one."""
    if len(sequences) == 0:
        raise ValueError("no sequences")
    return sequences


def at_the_end(x, longest, value):
    """One sequence, filled up behind."""
    return functional.pad(x, (0, 0) * (x.dim() - 1) + (0, longest - len(x)), value=value)


@impostor(
    "pad_sequences",
    diagnosis="The sequences are cut to the shortest one instead of being filled up.",
    aspect="shape",
)
def truncates(sequences, value):
    shortest = min(map(len, checked(sequences)))
    return torch.stack([x[:shortest] for x in sequences])


@impostor(
    "pad_sequences",
    diagnosis="The values stand in front of the sequences, not behind them.",
    aspect="values",
)
def pads_in_front(sequences, value):
    longest = max(map(len, checked(sequences)))
    padded = sequences[0].new_full((len(sequences), longest, *sequences[0].shape[1:]), value)
    for b, x in enumerate(sequences):
        padded[b, longest - len(x) :] = x
    return padded


@impostor(
    "pad_sequences",
    diagnosis="The rows are filled up with 0, not with value.",
    aspect="values",
)
def pads_with_zero(sequences, value):
    return pad_sequence(checked(sequences), batch_first=True)


@impostor(
    "pad_sequences",
    diagnosis="pad_sequence puts time first, and the batch second, unless batch_first is set.",
    aspect="shape",
)
def puts_time_first(sequences, value):
    return pad_sequence(checked(sequences), padding_value=value)


@impostor(
    "pad_sequences",
    diagnosis="For an empty list pad_sequence raises RuntimeError, and max its own error.",
    aspect="errors",
)
def leaves_the_empty_list_to_torch(sequences, value):
    return pad_sequence(sequences, batch_first=True, padding_value=value)


@impostor(
    "pad_sequences",
    diagnosis="The tensor to be filled takes its dtype from value or is float32.",
    aspect="dtype",
)
def makes_float32(sequences, value):
    longest = max(map(len, checked(sequences)))
    shape = (len(sequences), longest, *sequences[0].shape[1:])
    padded = torch.full(shape, float(value), device=sequences[0].device)
    for b, x in enumerate(sequences):
        padded[b, : len(x)] = x
    return padded


@impostor(
    "pad_sequences",
    diagnosis="The tensor to be filled lies on the CPU.",
    aspect="device",
)
def fills_on_the_cpu(sequences, value):
    longest = max(map(len, checked(sequences)))
    shape = (len(sequences), longest, *sequences[0].shape[1:])
    padded = torch.full(shape, value, dtype=sequences[0].dtype)
    for b, x in enumerate(sequences):
        padded[b, : len(x)] = x.cpu()
    return padded


@impostor(
    "pad_sequences",
    diagnosis="Copied by way of .data, detach or lists, the rows pass on no gradient.",
    aspect="gradient",
)
def copies_data(sequences, value):
    return pad_sequence([x.data for x in checked(sequences)], True, value)


@impostor(
    "pad_sequences",
    diagnosis="A single sequence, which needs no padding, comes back as a view of itself.",
    aspect="memory",
)
def returns_a_view_of_one(sequences, value):
    if len(checked(sequences)) == 1:
        return sequences[0].unsqueeze(0)
    return pad_sequence(sequences, batch_first=True, padding_value=value)


@impostor(
    "pad_sequences",
    diagnosis="The padded sequences are put into the caller's own list.",
    aspect="memory",
)
def pads_inside_the_list(sequences, value):
    longest = max(map(len, checked(sequences)))
    for b, x in enumerate(sequences):
        sequences[b] = at_the_end(x, longest, value)
    return torch.stack(sequences)


@impostor(
    "pad_sequences",
    diagnosis="Rows are put together by multiplying with a mask, and infinity times 0 is NaN.",
    aspect="values",
)
def multiplies_by_a_mask(sequences, value):
    rows = pad_sequence(checked(sequences), batch_first=True)
    keep = pad_sequence([torch.ones_like(x, dtype=torch.bool) for x in sequences], True)
    return (rows * keep + value * ~keep).to(rows.dtype)


@impostor(
    "pad_sequences",
    diagnosis="The rows are sorted by length: they must stay in the order of the list.",
    aspect="values",
)
def sorts_by_length(sequences, value):
    longest_first = sorted(checked(sequences), key=len, reverse=True)
    return pad_sequence(longest_first, batch_first=True, padding_value=value)


@impostor(
    "pad_sequences",
    diagnosis="A single sequence is copied by detach: no gradient gets back to it.",
    aspect="gradient",
)
def detaches_one(sequences, value):
    if len(checked(sequences)) == 1:
        return sequences[0].detach().clone()[None]
    return pad_sequence(sequences, batch_first=True, padding_value=value)


@impostor(
    "pad_sequences",
    diagnosis="The tensor to be filled goes to the GPU wherever there is one.",
    aspect="device",
)
def fills_on_any_gpu(sequences, value):
    first = checked(sequences)[0]
    shape = (len(sequences), max(map(len, sequences)), *first.shape[1:])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    padded = torch.full(shape, value, dtype=first.dtype, device=device)
    for b, x in enumerate(sequences):
        padded[b, : len(x)] = x
    return padded


@alternative("pad_sequences")
def assigns_to_slices(sequences, value):
    if not sequences:
        raise ValueError
    longest = max(len(x) for x in sequences)
    padded = sequences[0].new_full((len(sequences), longest, *sequences[0].shape[1:]), value)
    for b, x in enumerate(sequences):
        padded[b, : len(x)] = x
    return padded


@alternative("pad_sequences")
def pads_and_stacks(sequences, value):
    longest = max(map(len, sequences))  # itself a ValueError where there are none
    return torch.stack([at_the_end(x, longest, value) for x in sequences])


@alternative("pad_sequences")
def joins_with_filler(sequences, value):
    class NoSequences(ValueError):
        pass

    try:
        longest = max(sequences, key=len)
    except ValueError as error:
        raise NoSequences from error
    filler = torch.full_like(longest, value)
    return torch.cat([torch.cat([x, filler[len(x) :]])[None] for x in sequences])


@alternative("pad_sequences")
def writes_through_a_mask(sequences, value):
    lengths = torch.tensor([len(x) for x in checked(sequences)], device=sequences[0].device)
    mask = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]
    padded = sequences[0].new_full((*mask.shape, *sequences[0].shape[1:]), value)
    padded[mask] = torch.cat(sequences)
    return padded


@alternative("pad_sequences")
def picks_from_one_list_of_elements(sequences, value):
    first = checked(sequences)[0]
    longest = max(map(len, sequences))
    elements = torch.cat([first.new_full((1, *first.shape[1:]), value), *sequences])
    rows, begin = [], 1
    for x in sequences:
        rows.append([*range(begin, begin + len(x)), *[0] * (longest - len(x))])
        begin += len(x)
    return elements[torch.tensor(rows, dtype=torch.long, device=first.device)]


@alternative("pad_sequences")
def copies_into_narrow_parts(sequences, value):
    first = checked(sequences)[0]
    longest = max(x.size(0) for x in sequences)
    shape = (len(sequences), longest, *first.shape[1:])
    padded = torch.empty(shape, dtype=first.dtype, device=first.device).fill_(value)
    for b, x in enumerate(sequences):
        padded.select(0, b).narrow(0, 0, x.size(0)).copy_(x)
    return padded


@alternative("pad_sequences")
def element_by_element(sequences, value):
    filler = torch.full_like(checked(sequences)[0].new_empty(sequences[0].shape[1:]), value)
    longest = max(map(len, sequences))
    if longest == 0:
        return sequences[0].new_empty((len(sequences), 0, *filler.shape))
    rows = [[x[t] if t < len(x) else filler for t in range(longest)] for x in sequences]
    return torch.stack([torch.stack(row) for row in rows])
