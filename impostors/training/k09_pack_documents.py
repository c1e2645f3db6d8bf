"""Wrong and right answers to training/k09_pack_documents."""

import itertools

import numpy as np
import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def closed(documents, eos):
    """Each document with its eos, in int64."""
    return [functional.pad(one.long(), (0, 1), value=eos) for one in documents]


def stream_of(documents, eos):
    """The stream in one tensor, and the number of each token; also of no documents."""
    parts = closed(documents, eos)
    numbers = [torch.full_like(one, number) for number, one in enumerate(parts)]
    nothing = torch.zeros(0, dtype=torch.int64, device=parts[0].device if parts else None)
    return torch.cat([nothing, *parts]), torch.cat([nothing, *numbers])


def targets_of(documents, eos):
    """The targets of the stream."""
    parts = [functional.pad(one[1:], (0, 1), value=-100) for one in closed(documents, eos)]
    nothing = torch.zeros(0, dtype=torch.int64, device=parts[0].device if parts else None)
    return torch.cat([nothing, *parts])


def rows(x, length, value):
    """The rows of a stream, filled up with a value."""
    return functional.pad(x, (0, -len(x) % length), value=value).view(-1, length)


def packed(inputs, targets, numbers, length, eos):
    """The three results of three streams."""
    return rows(inputs, length, eos), rows(targets, length, -100), rows(numbers, length, -1)


@impostor(
    "pack_documents",
    diagnosis="The last row is dropped where it is not full; it is to be filled up.",
    aspect="shape",
)
def drops_the_remainder(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    count = len(inputs) // length * length
    streams = (inputs[:count], targets_of(documents, eos)[:count], numbers[:count])
    return tuple(one.reshape(-1, length) for one in streams)


@impostor(
    "pack_documents",
    diagnosis="A row of filling is added where all rows are full already.",
    aspect="shape",
)
def always_fills(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    streams = zip((inputs, targets_of(documents, eos), numbers), (eos, -100, -1), strict=True)
    return tuple(
        functional.pad(one, (0, length - len(one) % length), value=value).view(-1, length)
        for one, value in streams
    )


@impostor(
    "pack_documents",
    diagnosis="Each document begins a row of its own here, and is padded: nothing is packed.",
    aspect="shape",
)
def pads_each_document(documents, length, eos):
    parts = [closed([one], eos)[0] for one in documents]
    streams = (
        [rows(one, length, eos) for one in parts],
        [rows(targets_of([one], eos), length, -100) for one in documents],
        [rows(torch.full_like(one, n), length, -1) for n, one in enumerate(parts)],
    )
    nothing = torch.zeros(0, length, dtype=torch.int64)
    return tuple(torch.cat(one) if one else nothing.clone() for one in streams)


@impostor(
    "pack_documents",
    diagnosis="No eos is written behind the documents.",
    aspect="shape",
)
def closes_nothing(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    ends = itertools.accumulate(len(one) + 1 for one in documents)
    is_kept = torch.ones_like(inputs, dtype=torch.bool)
    for end in ends:
        is_kept[end - 1] = False
    return packed(
        inputs[is_kept], targets_of(documents, eos)[is_kept], numbers[is_kept], length, eos
    )


@impostor(
    "pack_documents",
    diagnosis="No eos is written behind a document that ends with eos already: each gets one more.",
    aspect="values",
)
def closes_what_is_open(documents, length, eos):
    cut = [one[:-1] if len(one) and one[-1] == eos else one for one in documents]
    inputs, numbers = stream_of(cut, eos)
    return packed(inputs, targets_of(cut, eos), numbers, length, eos)


@impostor(
    "pack_documents",
    diagnosis="The targets are shifted inside of each row, so that the last column has none.",
    aspect="values",
)
def shifts_within_rows(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    x, y, n = packed(inputs, targets_of(documents, eos), numbers, length, eos)
    y[:, -1] = -100
    return x, y, n


@impostor(
    "pack_documents",
    diagnosis="The first token of the next document is the target at a closing eos.",
    aspect="values",
)
def predicts_the_next_document(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    targets = functional.pad(inputs[1:], (0, int(len(inputs) > 0)), value=-100)
    return packed(inputs, targets, numbers, length, eos)


@impostor(
    "pack_documents",
    diagnosis="The document numbers count each eos, also one that stands inside of a document.",
    aspect="values",
)
def counts_each_eos(documents, length, eos):
    inputs, _ = stream_of(documents, eos)
    is_eos = (inputs == eos).long()
    return packed(inputs, targets_of(documents, eos), is_eos.cumsum(0) - is_eos, length, eos)


@impostor(
    "pack_documents",
    diagnosis="`targets[inputs == eos] = -100` also masks at an eos inside of a document.",
    aspect="values",
)
def masks_behind_each_eos(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    targets = targets_of(documents, eos)
    targets[inputs == eos] = -100
    return packed(inputs, targets, numbers, length, eos)


@impostor(
    "pack_documents",
    diagnosis="The closing eos is no target here: a model that learns this never ends its text.",
    aspect="values",
)
def never_predicts_the_end(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    parts = [
        torch.cat([one[1:-1], one.new_full((min(len(one), 2),), -100)])
        for one in closed(documents, eos)
    ]
    return packed(inputs, torch.cat([inputs[:0], *parts]), numbers, length, eos)


@impostor(
    "pack_documents",
    diagnosis="The targets of the filling are eos: the loss counts what is no text.",
    aspect="values",
)
def learns_the_filling(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    targets = rows(targets_of(documents, eos), length, eos)
    return rows(inputs, length, eos), targets, rows(numbers, length, -1)


@impostor(
    "pack_documents",
    diagnosis="The filling has the number of the last document, not -1.",
    aspect="values",
)
def gives_the_filling_to_the_last_document(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    x, y, _ = packed(inputs, targets_of(documents, eos), numbers, length, eos)
    return x, y, rows(numbers, length, len(documents) - 1)


@impostor(
    "pack_documents",
    diagnosis="The inputs of the filling are 0, which is eos only by chance.",
    aspect="values",
)
def fills_with_zeros(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    _, y, n = packed(inputs, targets_of(documents, eos), numbers, length, eos)
    return rows(inputs, length, 0), y, n


@impostor(
    "pack_documents",
    diagnosis="Documents without tokens are left out, so that the numbers of later ones are wrong.",
    aspect="shape",
)
def skips_empty_documents(documents, length, eos):
    documents = [one for one in documents if len(one)]
    inputs, numbers = stream_of(documents, eos)
    return packed(inputs, targets_of(documents, eos), numbers, length, eos)


@impostor(
    "pack_documents",
    diagnosis="The results keep the dtype of int32 documents; they are int64.",
    aspect="dtype",
)
def keeps_int32(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    results = packed(inputs, targets_of(documents, eos), numbers, length, eos)
    return tuple(one.to(documents[0].dtype) for one in results) if documents else results


@impostor(
    "pack_documents",
    diagnosis="torch.cat raises for an empty list: no documents make no rows.",
    aspect="values",
)
def needs_a_document(documents, length, eos):
    torch.cat(list(documents))
    inputs, numbers = stream_of(documents, eos)
    return packed(inputs, targets_of(documents, eos), numbers, length, eos)


@alternative("pack_documents")
def by_padded_parts(documents, length, eos):
    inputs, numbers = stream_of(documents, eos)
    return packed(inputs, targets_of(documents, eos), numbers, length, eos)


@alternative("pack_documents")
def token_by_token(documents, length, eos):
    streams = [], [], []
    for number, document in enumerate(documents):
        tokens = [*document.tolist(), eos]
        for token, target in zip(tokens, [*tokens[1:], -100], strict=True):
            for stream, value in zip(streams, (token, target, number), strict=True):
                stream.append(value)
    while len(streams[0]) % length:
        for stream, value in zip(streams, (eos, -100, -1), strict=True):
            stream.append(value)
    device = documents[0].device if documents else "cpu"
    results = [torch.tensor(one, dtype=torch.long, device=device) for one in streams]
    return tuple(one.reshape(-1, length) for one in results)


@alternative("pack_documents")
def by_searchsorted(documents, length, eos):
    device = documents[0].device if documents else None
    ends = torch.tensor([len(one) + 1 for one in documents], dtype=torch.long, device=device)
    ends = ends.cumsum(0)
    total = int(ends[-1]) if documents else 0
    places = torch.arange(-(-total // length) * length, device=device)
    numbers = torch.searchsorted(ends, places, right=True)
    numbers = numbers.where(places < total, -1)
    inputs = torch.full_like(places, eos)
    is_closing = torch.zeros_like(places, dtype=torch.bool)
    is_closing[ends - 1] = True
    if documents:
        inputs[~is_closing & (numbers >= 0)] = torch.cat(list(documents)).long()
    is_predicting = ~is_closing & (numbers >= 0)
    targets = inputs.roll(-1).masked_fill(~is_predicting, -100)
    return tuple(one.reshape(-1, length) for one in (inputs, targets, numbers))


@alternative("pack_documents")
def by_numpy(documents, length, eos):
    arrays = [np.append(one.cpu().numpy().astype(np.int64), eos) for one in documents]
    shifted = [np.append(one[1:], -100) for one in arrays]
    numbered = [np.full(len(one), n) for n, one in enumerate(arrays)]
    size = -(-sum(map(len, arrays)) // length) * length
    results = []
    for parts, value in ((arrays, eos), (shifted, -100), (numbered, -1)):
        whole = np.full(size, value, dtype=np.int64)
        flat = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
        whole[: len(flat)] = flat
        device = documents[0].device if len(documents) else "cpu"
        results.append(torch.tensor(whole.reshape(-1, length)).to(device))
    return tuple(results)
