"""Wrong and right answers to intro/k08_to_gpu."""

import contextlib
import functools

import torch
from torch import cuda
from torch.cuda import is_available

from dojo.impostors import alternative, impostor

AT_IMPORT = "cuda" if torch.cuda.is_available() else "cpu"


def move(x, device):
    return x.to(device)


@impostor(
    "to_gpu_if_available",
    diagnosis="Nothing is asked before the move: is_available without parentheses asks nothing.",
    aspect="type",
)
def forgets_the_parentheses(x):
    if torch.cuda.is_available:
        return x.cuda()
    return x


@impostor(
    "to_gpu_if_available",
    diagnosis="The question is asked, and torch.cuda is used whatever the answer is.",
    aspect="type",
)
def moves_unconditionally(x):
    available = torch.cuda.is_available()
    assert isinstance(available, bool)
    return x.to("cuda")


@impostor(
    "to_gpu_if_available",
    diagnosis="x.to returns a copy on the GPU, which is dropped here: x is still on the CPU.",
    aspect="device",
)
def drops_the_copy(x):
    if torch.cuda.is_available():
        x.to("cuda")
    return x


@impostor(
    "to_gpu_if_available",
    diagnosis="The question was asked once, when the file was read, and its answer is kept.",
    aspect="structure",
)
def asks_at_import(x):
    return x.to(AT_IMPORT)


@functools.cache
def has_gpu():
    return torch.cuda.is_available()


@impostor(
    "to_gpu_if_available",
    diagnosis="The question was asked at the first call only, and a cache keeps its answer.",
    aspect="structure",
)
def asks_once(x):
    return x.cuda() if has_gpu() else x


@impostor(
    "to_gpu_if_available",
    diagnosis="A cache returns the earlier result for the same x, without asking again.",
    aspect="structure",
)
@functools.lru_cache
def caches_the_result(x):
    return x.to("cuda" if torch.cuda.is_available() else "cpu")


@impostor(
    "to_gpu_if_available",
    diagnosis="The failure of a move is caught, where a question should be asked.",
    aspect="structure",
)
def tries_and_catches(x):
    try:
        return x.cuda()
    except (AssertionError, RuntimeError):
        return x


@impostor(
    "to_gpu_if_available",
    diagnosis="The question comes after the move that it should decide on.",
    aspect="structure",
)
def asks_after_the_move(x):
    with contextlib.suppress(AssertionError, RuntimeError):
        moved = x.to(torch.device("cuda:0"))
    return moved if torch.cuda.is_available() else x


@impostor(
    "to_gpu_if_available",
    diagnosis="The two branches are the wrong way round.",
    aspect="type",
)
def asks_the_wrong_way_round(x):
    return x if torch.cuda.is_available() else x.to("cuda")


@impostor(
    "to_gpu_if_available",
    diagnosis="Without a GPU there is no return, so None comes back.",
    aspect="type",
)
def returns_nothing_without_a_gpu(x):
    if torch.cuda.is_available():
        return x.to("cuda")


@impostor(
    "to_gpu_if_available", diagnosis="Without a GPU a copy of x is returned.", aspect="memory"
)
def copies_without_a_gpu(x):
    return x.to("cuda") if torch.cuda.is_available() else x.clone()


@impostor(
    "to_gpu_if_available",
    diagnosis="x is copied, or sent by way of the CPU, even if it is on the GPU already.",
    aspect="memory",
)
def copies_on_the_gpu(x):
    return x.to("cuda", copy=True) if torch.cuda.is_available() else x


@impostor(
    "to_gpu_if_available",
    diagnosis="Setting x.data moves x itself to the GPU.",
    aspect="memory",
)
def moves_x_itself(x):
    if torch.cuda.is_available():
        x.data = x.data.cuda()
    return x


@impostor(
    "to_gpu_if_available",
    diagnosis="The name of the device is returned, not the tensor.",
    aspect="type",
)
def returns_the_device(x):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x.to(device)
    return device


@impostor(
    "to_gpu_if_available",
    diagnosis="float() and torch.cuda.FloatTensor turn every dtype into float32.",
    aspect="dtype",
)
def converts_to_float32(x):
    return x.float().cuda() if torch.cuda.is_available() else x


@impostor(
    "to_gpu_if_available",
    diagnosis="On the way through complex64 digits get lost, even if the dtype is put back.",
    aspect="values",
)
def goes_through_complex64(x):
    if not torch.cuda.is_available() or x.is_cuda:
        return x
    return (x.to(torch.complex64) if x.is_complex() else x).cuda().to(x.dtype)


@impostor(
    "to_gpu_if_available",
    diagnosis="The number of GPUs was asked for, not torch.cuda.is_available().",
    aspect="structure",
)
def counts_the_gpus(x):
    return x.cuda() if torch.cuda.device_count() else x


@impostor(
    "to_gpu_if_available",
    diagnosis="An x on the GPU is returned before the question is asked.",
    aspect="structure",
)
def looks_at_x_first(x):
    if not x.is_cuda and torch.cuda.is_available():
        return x.cuda()
    return x


@impostor(
    "to_gpu_if_available",
    diagnosis="and/or ask a tensor whether it is true, which works for a single number only.",
)
def chooses_with_and_or(x):
    return (torch.cuda.is_available() and x.cuda()) or x


@impostor(
    "to_gpu_if_available",
    diagnosis="A view of x is another object than x.",
    aspect="memory",
)
def returns_a_view(x):
    return x.to("cuda" if torch.cuda.is_available() else "cpu").view_as(x)


@impostor(
    "to_gpu_if_available",
    diagnosis="empty_like only makes room on the GPU, without x's values.",
    aspect="values",
)
def forgets_the_values(x):
    if not torch.cuda.is_available() or x.is_cuda:
        return x
    return torch.empty_like(x, device="cuda")


@impostor(
    "to_gpu_if_available",
    diagnosis="The result is as flat as a vector: x's shape is lost.",
    aspect="shape",
)
def flattens(x):
    if not torch.cuda.is_available() or x.is_cuda:
        return x
    return x.reshape(-1).cuda()


@alternative("to_gpu_if_available")
def device_by_name(x):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return x.to(device)


@alternative("to_gpu_if_available")
def device_object(x):
    device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    return x.to(device=device, non_blocking=True)


@alternative("to_gpu_if_available")
def imported_by_name(x):
    return x.cuda() if is_available() else x


@alternative("to_gpu_if_available")
def module_imported_by_name(x):
    if not cuda.is_available():
        return x
    return x.cuda(torch.cuda.current_device())


@alternative("to_gpu_if_available")
def looks_at_x_after_asking(x):
    if torch.cuda.is_available() and not x.is_cuda:
        copy = torch.empty_like(x, device="cuda")
        copy.copy_(x)
        return copy
    return x


@alternative("to_gpu_if_available")
def looks_at_x_before_asking(x):
    is_there = x.device.type == "cuda"
    available = torch.cuda.is_available()
    return x if is_there or not available else torch.tensor(x, device="cuda")


@alternative("to_gpu_if_available")
def table_of_methods(x):
    return (x.cpu, x.cuda)[torch.cuda.is_available()]()


@alternative("to_gpu_if_available")
def asks_twice(x):
    assert torch.cuda.is_available() in (True, False)
    return torch.as_tensor(x, device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))


@alternative("to_gpu_if_available")
def catches_after_asking(x):
    if torch.cuda.is_available() is True:
        try:
            return x.to(torch.cuda.current_device())
        except RuntimeError:
            return x
    return x


@alternative("to_gpu_if_available")
def as_contiguous_copy(x):
    if torch.cuda.is_available() and not x.is_cuda:
        return x.clone(memory_format=torch.contiguous_format).to("cuda")
    return x


@alternative("to_gpu_if_available")
def with_a_partial(x):
    ask = functools.partial(getattr(torch.cuda, "is_available"))
    return move(x, "cuda") if ask() else x


@alternative("to_gpu_if_available")
def in_pinned_memory(x):
    if torch.cuda.is_available() and not x.is_cuda:
        return x.pin_memory().to("cuda", non_blocking=True)
    return x


@alternative("to_gpu_if_available")
def with_a_module(x):
    holder = torch.nn.Module()
    holder.register_buffer("x", x)
    if torch.cuda.is_available():
        holder.to("cuda")
    return holder.x


@alternative("to_gpu_if_available")
def like_another_tensor(x):
    return x.to(torch.empty(0, device="cuda", dtype=x.dtype)) if torch.cuda.is_available() else x


@alternative("to_gpu_if_available")
def as_array_of_torch(x):
    return torch.asarray(x, device="cuda" if torch.cuda.is_available() else x.device)


@alternative("to_gpu_if_available")
@torch.no_grad()
def under_no_grad(x):
    available: bool = torch.cuda.is_available()
    while available:
        return x.cuda(non_blocking=True)
    return x


@alternative("to_gpu_if_available")
class Mover:
    def __new__(cls, x):
        return x.cuda() if torch.cuda.is_available() else x
