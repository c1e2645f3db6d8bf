"""Records what a function is really asked, and compares it with what its contract promises."""

import functools

import torch

LAYOUTS = {
    "repeated": lambda x: 0 in x.stride() and x.numel() > 1,
    "every second element": lambda x: x.storage_offset() == 1,
    "at an offset": lambda x: x.storage_offset() > 1,
    "transposed": lambda x: not x.is_contiguous() and 0 not in x.stride(),
    "contiguous": lambda x: x.is_contiguous() and not x.storage_offset(),
}


def holds_tensors(value):
    """Whether a value is a list or tuple in which a tensor stands, at any depth."""
    is_group = isinstance(value, list | tuple)
    return is_group and any(isinstance(x, torch.Tensor) or holds_tensors(x) for x in value)


def flat(values, kinds=list):
    """The arguments, with the items of a list of tensors, or of pairs with them, in its place."""
    for one in values:
        is_list = isinstance(one, kinds) and holds_tensors(one)
        yield from flat(one, list | tuple) if is_list else [one]


def device_type(value):
    """The kind of device that an argument names; empty if it names none."""
    is_device = isinstance(value, torch.device)
    is_name = isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda")
    return torch.device(value).type if is_device or is_name else ""


class Probe:
    """What a function was asked so far.

    Args:
        contract: names the function's tensors.
    """

    def __init__(self, contract):
        self._names = contract.tensors
        self._numbers = {}  # of a tensor at its last call, by its id
        self._alive = []  # so that no id is used again
        self.seen = set()

    def wrap(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            # None stands for a tensor; functions and numbers may stand between tensors
            values = list(flat([*args, *kwargs.values()]))
            self.seen |= {("device", one) for one in map(device_type, values) if one}
            given = [one for one in values if one is None or isinstance(one, torch.Tensor)]
            values = dict(zip(self._names, given, strict=False))
            self._note({name: x for name, x in values.items() if isinstance(x, torch.Tensor)})
            return function(*args, **kwargs)

        return wrapper

    def _note(self, tensors):
        tracked = frozenset(name for name, x in tensors.items() if x.requires_grad)
        self.seen.add(("tracked", tracked))
        for name, x in tensors.items():
            layout = next((kind for kind, is_so in LAYOUTS.items() if is_so(x)), "")
            self.seen |= {
                ("dtype", x.dtype),
                ("layout", name, layout),
                ("shape", name, tuple(x.shape)),
                ("device", x.device.type),
            }
            numbers = repr(x.detach().cpu().tolist())
            if self._numbers.setdefault(id(x), numbers) != numbers:
                self.seen.add(("again", "the same tensor with other numbers"))
            self._alive.append(x)


def unvaried(contract):
    """The options of an optimizer that all groups share in each run, or that never change."""
    plans = [contract.plan(number, contract.dtypes[-1]) for number in range(len(contract.runs))]
    found = []
    for name in plans[0].steps[0].options[0]:
        first, second, last = (
            [plan.steps[step].options[group][name] for plan in plans]
            for step, group in ((0, 0), (0, 1), (-1, 1))
        )
        found += [("the same in both groups", name)] if first == second else []
        found += [("never changed", name)] if second == last else []
    return found


def promised(contract):
    """What a function of this contract has to be asked, if its laws are to mean something."""
    names = contract.trackable
    facts = {("device", "cpu"), ("device", "cuda"), ("tracked", frozenset())}
    facts |= {("dtype", dtype) for dtype in contract.dtypes if names}
    facts.add(("again", "the same tensor with other numbers"))
    for index, name in enumerate(contract.tensors):
        shapes = {
            tuple(one.x.shape)
            for row in contract.plain
            for place, _, one in row.named
            if place == index
        }
        facts |= {("shape", name, shape) for shape in shapes}
        facts |= {("layout", name, layout) for layout in contract.layouts_of(name)}
        if max(map(len, shapes)) < 2:  # a vector has no other order of dimensions
            facts.discard(("layout", name, "transposed"))
    if contract.recorded and any(dtype.is_floating_point for dtype in contract.dtypes):
        facts |= {("tracked", frozenset([name])) for name in contract.tracked_alone}
    return facts
