"""Wrong and right answers to training/k05_collate_padded."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


def parts_of(samples):
    """The sequences, and lengths and labels as tensors beside them."""
    if not samples:
        raise ValueError("no samples")
    sequences, labels = map(list, zip(*samples, strict=True))
    device = sequences[0].device
    lengths = torch.tensor([len(one) for one in sequences], device=device)
    return sequences, lengths, torch.tensor(labels, dtype=torch.long, device=device)


def rounded_up(length, multiple):
    """The smallest multiple that is not below."""
    return (length + multiple - 1) // multiple * multiple


def filled(sequences, longest, value):
    """The sequences as rows, the value behind them."""
    shape = len(sequences), longest, *sequences[0].shape[1:]
    padded = sequences[0].new_full(shape, value)
    for row, sequence in enumerate(sequences):
        padded[row, : len(sequence)] = sequence
    return padded


def mask_of(lengths, longest):
    """True where something is."""
    return torch.arange(longest, device=lengths.device) < lengths[:, None]


def collated(samples, value, multiple):
    """All four, right."""
    sequences, lengths, labels = parts_of(samples)
    longest = rounded_up(int(lengths.max()), multiple)
    return filled(sequences, longest, value), lengths, mask_of(lengths, longest), labels


@impostor(
    "collate_padded",
    diagnosis="The mask is where padded differs from padding_value, so entries equal to it are"
    " hidden: take it from the lengths.",
    aspect="values",
)
def masks_what_equals_the_padding(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, _, labels = collated(samples, padding_value, pad_to_multiple_of)
    is_entry = padded != padding_value
    while is_entry.dim() > 2:
        is_entry = is_entry.any(-1)
    return padded, lengths, is_entry, labels


@impostor(
    "collate_padded",
    diagnosis="A length that is a multiple already gets one multiple more: round up with -(-n // m)"
    " * m.",
    aspect="shape",
)
def adds_a_full_multiple(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    longest = int(lengths.max())
    if pad_to_multiple_of > 1:
        longest += pad_to_multiple_of - longest % pad_to_multiple_of
    padded = filled(sequences, longest, padding_value)
    return padded, lengths, mask_of(lengths, longest), labels


@impostor(
    "collate_padded",
    diagnosis="The rows are as long as the longest sequence: pad_to_multiple_of is not looked at.",
    aspect="shape",
)
def ignores_the_multiple(samples, padding_value=0, pad_to_multiple_of=1):
    return collated(samples, padding_value, 1)


@impostor(
    "collate_padded",
    diagnosis="torch.full makes float32 of a float: name the sequences' dtype.",
    aspect="dtype",
)
def pads_in_float32(samples, padding_value=0, pad_to_multiple_of=1):
    padded, *others = collated(samples, padding_value, pad_to_multiple_of)
    return padded.float(), *others


@impostor(
    "collate_padded",
    diagnosis="The sequences are sorted by length, as packing once asked for, the labels are not:"
    " each sequence gets another one's label.",
    aspect="values",
)
def sorts_the_sequences(samples, padding_value=0, pad_to_multiple_of=1):
    _, _, labels = parts_of(samples)
    in_order = sorted(samples, key=lambda sample: len(sample[0]), reverse=True)
    padded, lengths, mask, _ = collated(in_order, padding_value, pad_to_multiple_of)
    return padded, lengths, mask, labels


@impostor(
    "collate_padded",
    diagnosis="The caller's list is sorted in place: the samples come in another order.",
    aspect="values",
)
def sorts_the_list(samples, padding_value=0, pad_to_multiple_of=1):
    samples = list(samples) if isinstance(samples, tuple) else samples
    samples.sort(key=lambda sample: len(sample[0]), reverse=True)
    return collated(samples, padding_value, pad_to_multiple_of)


@impostor(
    "collate_padded",
    diagnosis="True stands for padding, as in key_padding_mask: here it stands for real entries.",
    aspect="values",
)
def inverts_the_mask(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    return padded, lengths, ~mask, labels


@impostor(
    "collate_padded",
    diagnosis="The padding stands in front, as for generation: here it belongs behind.",
    aspect="values",
)
def pads_in_front(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    for row, mask_row, length in zip(padded, mask, lengths.tolist(), strict=True):
        row.copy_(row.roll(-length, 0))
        mask_row.copy_(mask_row.roll(-length, 0))
    return padded, lengths, mask, labels


@impostor(
    "collate_padded",
    diagnosis="The padding is 0, whatever padding_value is.",
    aspect="values",
)
def pads_with_zeros(samples, padding_value=0, pad_to_multiple_of=1):
    return collated(samples, 0, pad_to_multiple_of)


@impostor(
    "collate_padded",
    diagnosis="The part that makes up the multiple is filled with 0, not with padding_value.",
    aspect="values",
)
def fills_up_with_zeros(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    padded[:, int(lengths.max()) :] = 0
    return padded, lengths, mask, labels


@impostor(
    "collate_padded",
    diagnosis="lengths are those of the padded rows: they should be those of the sequences.",
    aspect="values",
)
def measures_the_rows(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    return padded, torch.full_like(lengths, padded.shape[1]), mask, labels


@impostor(
    "collate_padded",
    diagnosis="The mask has a bool for each number of an entry: one for each entry is asked for.",
    aspect="shape",
)
def masks_each_number(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    more = padded.dim() - 2
    return padded, lengths, mask.reshape(*mask.shape, *[1] * more).expand_as(padded).clone(), labels


@impostor(
    "collate_padded",
    diagnosis="Where all sequences are empty, a whole multiple of padding is made: L is 0 there.",
    aspect="shape",
)
def makes_one_multiple_at_least(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    longest = rounded_up(max(int(lengths.max()), 1), pad_to_multiple_of)
    padded = filled(sequences, longest, padding_value)
    return padded, lengths, mask_of(lengths, longest), labels


@impostor(
    "collate_padded",
    diagnosis="The mask holds 1 and 0: a bool mask is asked for.",
    aspect="dtype",
)
def counts_in_the_mask(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    return padded, lengths, mask.long(), labels


@impostor(
    "collate_padded",
    diagnosis="Lengths and labels are made of numbers, and so on the CPU: name the device.",
    aspect="device",
)
def leaves_numbers_on_the_cpu(samples, padding_value=0, pad_to_multiple_of=1):
    padded, lengths, mask, labels = collated(samples, padding_value, pad_to_multiple_of)
    return padded, lengths.cpu(), mask, labels.cpu()


@impostor(
    "collate_padded",
    diagnosis="No samples raise an error of another kind: ValueError is asked for.",
    aspect="errors",
)
def looks_at_the_first_sample(samples, padding_value=0, pad_to_multiple_of=1):
    _ = samples[0]
    return collated(samples, padding_value, pad_to_multiple_of)


@alternative("collate_padded")
def by_pad_sequence(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=padding_value)
    missing = -padded.shape[1] % pad_to_multiple_of
    extra = padded.new_full((len(padded), missing, *padded.shape[2:]), padding_value)
    padded = torch.cat([padded, extra], 1)
    return padded, lengths, mask_of(lengths, padded.shape[1]), labels


@alternative("collate_padded")
def by_joining_rows(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    longest = rounded_up(max(map(len, sequences)), pad_to_multiple_of)
    rows, masks = [], []
    for one in sequences:
        missing = longest - len(one)
        rows.append(torch.cat([one, one.new_full((missing, *one.shape[1:]), padding_value)]))
        masks.append(torch.tensor([True] * len(one) + [False] * missing, dtype=torch.bool))
    return torch.stack(rows), lengths, torch.stack(masks).to(lengths.device), labels


@alternative("collate_padded")
def through_the_mask(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    longest = rounded_up(int(lengths.max()), pad_to_multiple_of)
    mask = mask_of(lengths, longest)
    padded = sequences[0].new_full((*mask.shape, *sequences[0].shape[1:]), padding_value)
    padded[mask] = torch.cat(sequences)
    return padded, lengths, mask, labels


@alternative("collate_padded")
def by_an_index(samples, padding_value=0, pad_to_multiple_of=1):
    sequences, lengths, labels = parts_of(samples)
    longest = rounded_up(int(lengths.max()), pad_to_multiple_of)
    mask = mask_of(lengths, longest)
    end = sequences[0].new_full((1, *sequences[0].shape[1:]), padding_value)
    places = torch.where(mask, mask.flatten().cumsum(0).view(mask.shape) - 1, int(lengths.sum()))
    return torch.cat([*sequences, end])[places], lengths, mask, labels
