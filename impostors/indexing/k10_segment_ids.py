"""Wrong and right answers to indexing/k10_segment_ids."""

import itertools

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "segment_ids",
    diagnosis="A list grows by a loop in Python over all the elements.",
    aspect="cost",
)
def loops_over_elements(lengths):
    ids = [i for i, length in enumerate(lengths.tolist()) for _ in range(length)]
    return torch.tensor(ids, dtype=torch.int64, device=lengths.device)


@impostor(
    "segment_ids", diagnosis="Each segment is filled by itself, in a loop in Python.", aspect="cost"
)
def fills_segment_by_segment(lengths):
    ids = torch.empty(int(lengths.sum()), dtype=torch.int64, device=lengths.device)
    start = 0
    for i, length in enumerate(lengths):
        ids[start : start + int(length)] = i
        start += int(length)
    return ids


@impostor(
    "segment_ids",
    diagnosis="A loop that is hidden in Python's own functions is a loop; tolist feeds it.",
    aspect="cost",
)
def loops_behind_the_scenes(lengths):
    parts = map(itertools.repeat, itertools.count(), lengths.tolist())
    ids = list(itertools.chain.from_iterable(parts))
    return torch.tensor(ids, dtype=torch.int64, device=lengths.device)


@impostor(
    "segment_ids",
    diagnosis="cat has nothing to join where there are no lengths, and its list is a loop.",
    aspect="values",
)
def joins_pieces(lengths):
    pieces = [torch.full((int(n),), i, device=lengths.device) for i, n in enumerate(lengths)]
    return torch.cat(pieces)


@impostor("segment_ids", diagnosis="arange without a device counts on the CPU.", aspect="device")
def counts_on_the_cpu(lengths):
    return torch.arange(len(lengths)).repeat_interleave(lengths)


@impostor("segment_ids", diagnosis="NumPy's result is left on the CPU.", aspect="device")
def stays_in_numpy(lengths):
    return torch.from_numpy(np.repeat(np.arange(len(lengths)), lengths.cpu().numpy()))


@impostor(
    "segment_ids",
    diagnosis="Empty segments are taken away first, so that the others get new numbers.",
    aspect="values",
)
def renumbers(lengths):
    return torch.repeat_interleave(lengths[lengths > 0])


@impostor("segment_ids", diagnosis="Segments are counted from 1.", aspect="values")
def counts_from_one(lengths):
    return torch.repeat_interleave(lengths) + 1


@impostor(
    "segment_ids",
    diagnosis="A 1 is set where a segment begins: two that begin at one place count once.",
    aspect="values",
)
def marks_beginnings(lengths):
    beginnings = lengths.cumsum(0)[:-1]
    marks = lengths.new_zeros(int(lengths.sum()))
    marks[beginnings[beginnings < len(marks)]] = 1
    return marks.cumsum(0)


@impostor(
    "segment_ids",
    diagnosis="searchsorted without right=True counts the element behind an end to its segment.",
    aspect="values",
)
def searches_on_the_left(lengths):
    places = torch.arange(int(lengths.sum()), device=lengths.device)
    return torch.searchsorted(lengths.cumsum(0), places)


@impostor("segment_ids", diagnosis="The lengths are repeated, not their numbers.", aspect="values")
def repeats_the_lengths(lengths):
    return lengths.repeat_interleave(lengths)


@impostor(
    "segment_ids",
    diagnosis="An empty tensor has no largest element: max raises an error without lengths.",
    aspect="values",
)
def asks_for_the_largest(lengths):
    places = torch.arange(int(lengths.max()), device=lengths.device)
    return (places < lengths[:, None]).nonzero()[:, 0]


@impostor(
    "segment_ids", diagnosis="The places inside of the segments are counted.", aspect="values"
)
def counts_inside_of_segments(lengths):
    begins = lengths.cumsum(0) - lengths
    places = torch.arange(int(lengths.sum()), device=lengths.device)
    return places - begins.repeat_interleave(lengths)


@impostor("segment_ids", diagnosis="int32 came back.", aspect="dtype")
def returns_int32(lengths):
    return torch.repeat_interleave(lengths).int()


@impostor(
    "segment_ids",
    diagnosis="8 bits count to 127 or 255: of more segments the numbers begin anew.",
    aspect="values",
)
def numbers_in_8_bits(lengths):
    ids = torch.arange(len(lengths), device=lengths.device).to(torch.uint8)
    return ids.repeat_interleave(lengths).long()


@impostor(
    "segment_ids",
    diagnosis="16 bits count to 32767: beyond it the places of the elements are negative.",
    aspect="values",
)
def places_in_16_bits(lengths):
    places = torch.arange(int(lengths.sum()), device=lengths.device).short()
    return torch.searchsorted(lengths.cumsum(0).short(), places, right=True)


@alternative("segment_ids")
def repeats_a_range(lengths):
    return torch.arange(lengths.shape[0], device=lengths.device).repeat_interleave(lengths)


@alternative("segment_ids")
def searches_on_the_right(lengths):
    places = torch.arange(lengths.sum().item(), device=lengths.device)
    return torch.searchsorted(lengths.cumsum(0), places, right=True)


@alternative("segment_ids")
def adds_up_beginnings(lengths):
    ends = lengths.cumsum(0)
    marks = lengths.new_zeros(int(lengths.sum()) + 1)
    marks.index_add_(0, ends, torch.ones_like(ends))
    return marks.cumsum(0)[:-1]


@alternative("segment_ids")
def places_of_a_mask(lengths):
    if lengths.numel() == 0:
        return lengths.clone()
    places = torch.arange(int(lengths.amax()), device=lengths.device)
    return torch.nonzero(places < lengths[:, None], as_tuple=True)[0]


@alternative("segment_ids")
def by_numpy(lengths):
    counts = lengths.cpu().numpy()
    return torch.from_numpy(np.arange(counts.size).repeat(counts)).to(lengths.device)


@alternative("segment_ids")
def counts_ends(lengths):
    places = torch.arange(int(lengths.sum()), device=lengths.device)
    return (lengths.cumsum(0) <= places[:, None]).sum(1)


@alternative("segment_ids")
def chooses_from_a_table(lengths):
    longest = max(int(lengths.max()), 1) if len(lengths) else 1
    table = torch.arange(len(lengths), device=lengths.device)[:, None].expand(-1, longest)
    return table[torch.arange(longest, device=lengths.device).expand_as(table) < lengths[:, None]]
