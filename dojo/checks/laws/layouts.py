"""How a tensor that a law hands out lies in memory, and copies of it that lie in the same way."""

from __future__ import annotations

import torch

from dojo.devices.select import copied_to

CONTIGUOUS, TRANSPOSED, STRIDED = "contiguous", "transposed", "every second element"
OFFSET, REPEATED = "at an offset", "repeated"
# name of a layout → what a learner is told of it
LAYOUTS = {
    CONTIGUOUS: "",
    TRANSPOSED: "Here {name} lies in memory with its dimensions in reverse.",
    STRIDED: "Here {name} is every second number of a larger memory.",
    OFFSET: "Here {name} begins inside of a larger memory.",
    REPEATED: "Here all parts of {name} along its first dimension lie in the same memory.",
}
WRITABLE = tuple(LAYOUTS)[:4]  # into memory that is repeated nothing can be written
_GAP = 3  # numbers before a tensor at an offset


class Template:
    """A tensor of a case in a dtype and a layout; each call of an answer gets a copy of it.

    Args:
        x: the numbers, contiguous.
        layout: a name of ``LAYOUTS``.

    Attributes:
        layout: the layout that it really has: what cannot be repeated is contiguous.
        x: the numbers in that layout.
    """

    def __init__(self, x: torch.Tensor, layout: str) -> None:
        if layout == REPEATED and (x.dim() == 0 or x.shape[0] < 2):
            layout = CONTIGUOUS
        self.layout = layout
        self._memory, self._size, self._stride, self._offset = _lay_out(x, layout)
        self._bits = _bits(self._memory)
        self.x = self._of(self._memory)

    def _of(self, memory: torch.Tensor) -> torch.Tensor:
        if self.layout == CONTIGUOUS:
            return memory
        return torch.as_strided(memory, self._size, self._stride, self._offset)

    def copy(self, device: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a copy on a device, and the whole memory in which it lies."""
        memory = copied_to(self._memory, device)
        if self.layout == CONTIGUOUS:
            return memory, memory
        with torch._C.DisableTorchFunction():
            return self._of(memory), memory

    def is_unchanged(self, memory: torch.Tensor) -> bool:
        """Whether the memory of a copy is as it was, bit by bit, also between the elements."""
        with torch._C.DisableTorchFunction():
            return torch.equal(_bits(memory.detach()), self._bits)

    def is_unchanged_around(self, memory: torch.Tensor) -> bool:
        """Whether the memory of a copy is as it was between and beside the elements."""
        if self.layout not in (STRIDED, OFFSET):
            return True
        with torch._C.DisableTorchFunction():
            now = memory.detach().cpu() if memory.is_cuda else memory.detach()
            is_element = torch.zeros(now.shape, dtype=torch.bool)
            self._of(is_element).fill_(True)
            return same_bits(now[~is_element], self._memory[~is_element])


def same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors of one shape and dtype hold the same, NaN and the sign of 0 included."""
    return torch.equal(_bits(a), _bits(b))


def _bits(x: torch.Tensor) -> torch.Tensor:
    """Return what a tensor holds as bytes: so NaN is the same as NaN, and 0 is not -0."""
    x = x.cpu() if x.is_cuda else x
    x = x.contiguous()  # that of one element may have any stride
    return x.as_strided((x.numel(),), (1,), x.storage_offset()).view(torch.uint8)


def _lay_out(
    x: torch.Tensor, layout: str
) -> tuple[torch.Tensor, tuple[int, ...], tuple[int, ...], int]:
    """Return the memory, and the size, strides and offset of the tensor that lies in it."""
    size = tuple(x.shape)
    if layout == CONTIGUOUS:
        return x.contiguous(), size, x.contiguous().stride(), 0
    if layout == TRANSPOSED:
        memory = x.permute(tuple(reversed(range(x.dim())))).contiguous()
        return memory.view(-1), size, tuple(reversed(memory.stride())), 0
    if layout == STRIDED:
        memory = torch.ones(2 * x.numel(), dtype=x.dtype)  # a gap of 0 would hide a write of 0
        memory[1::2] = x.reshape(-1)
        return memory, size, tuple(2 * step for step in x.contiguous().stride()), 1
    if layout == OFFSET:
        memory = torch.ones(x.numel() + _GAP + 1, dtype=x.dtype)
        memory[_GAP : _GAP + x.numel()] = x.reshape(-1)
        return memory, size, x.contiguous().stride(), _GAP
    first = x[:1].contiguous()
    # as long as x without repetition: whoever reads it like that gets wrong numbers, and no error
    memory = torch.ones(x.numel(), dtype=x.dtype)
    memory[: first.numel()] = first.reshape(-1)
    return memory, size, (0, *first.stride()[1:]), 0


def in_same_layout(leaf: torch.Tensor, layout: str) -> torch.Tensor:
    """Return what autograd makes of a leaf: a tensor that is no leaf, in this layout.

    So a write into it shows as a write, and not as torch's error about leaves.
    """
    if layout == TRANSPOSED:
        order = tuple(reversed(range(leaf.dim())))
        return (leaf.permute(order) * 1).contiguous().permute(order)
    if layout == STRIDED:
        return torch.stack([leaf, leaf], -1)[..., 1]
    if layout == OFFSET:
        flat = leaf.reshape(-1)
        return torch.cat([flat[:0].new_ones(_GAP), flat])[_GAP:].view(leaf.shape)
    return leaf.clone(memory_format=torch.contiguous_format)
