"""Wrong and right answers to tensors/k03_tracked_to_numpy."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def widened(t):
    return t.float() if t.dtype == torch.bfloat16 else t


@impostor(
    "to_numpy",
    diagnosis="numpy() refuses a tensor that requires grad, until detach() has untied it.",
    aspect="values",
)
def forgets_to_detach(t):
    return widened(t).cpu().resolve_conj().resolve_neg().numpy()


@impostor("to_numpy", diagnosis="tolist() gives a list or a number, not an array.", aspect="type")
def makes_a_list(t):
    return t.tolist()


@impostor(
    "to_numpy",
    diagnosis="np.array of a list copies number by number, and chooses a dtype of its own.",
    aspect="dtype",
)
def goes_through_a_list(t):
    return np.array(t.tolist()).reshape(tuple(t.shape))


@impostor(
    "to_numpy",
    diagnosis="clone(), copy() and np.array copy what could be shared on the CPU.",
    aspect="memory",
)
def clones(t):
    return widened(t.detach().clone()).numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="Only untracked tensors are shared; one that requires grad is copied.",
    aspect="memory",
)
def clones_what_is_tracked(t):
    return widened(t.detach().clone() if t.requires_grad else t).numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="contiguous() copies whatever does not lie in its order.",
    aspect="memory",
)
def makes_it_contiguous(t):
    return widened(t.detach().contiguous()).numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="numpy() refuses a tensor on the GPU: cpu() has to come first.",
    aspect="type",
)
def forgets_the_gpu(t):
    return widened(t.detach()).resolve_conj().resolve_neg().numpy()


@impostor(
    "to_numpy",
    diagnosis="detach and cpu are not all: numpy() also refuses what is lazily conjugated.",
    aspect="values",
)
def forgets_the_conjugate(t):
    return widened(t.detach().cpu()).numpy()


@impostor(
    "to_numpy",
    diagnosis="resolve_conj() leaves a lazy negative, such as the imaginary part of a conjugate.",
    aspect="values",
)
def forgets_the_negative(t):
    return widened(t.detach().cpu()).resolve_conj().numpy()


@impostor(
    "to_numpy",
    diagnosis="force=True does not help with bfloat16, which NumPy does not have.",
    aspect="dtype",
)
def forgets_bfloat16(t):
    return t.numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="float() turns every dtype into float32, where only bfloat16 needs it.",
    aspect="dtype",
)
def converts_everything(t):
    return t.detach().float().numpy(force=True) if not t.is_complex() else t.numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="requires_grad_(False) changes t itself, and only a leaf can be changed so.",
    aspect="memory",
)
def untracks_t_itself(t):
    return widened(t.requires_grad_(False)).numpy(force=True)


@impostor(
    "to_numpy",
    diagnosis="The imaginary part of a complex128 is float64: float() takes digits from it.",
    aspect="values",
)
def negates_in_float32(t):
    t = widened(t.detach().cpu()).resolve_conj()
    return (t.float() * 1 if t.is_neg() else t).numpy()


@impostor(
    "to_numpy",
    diagnosis="Indexing by () takes a NumPy number out of an array of shape ().",
    aspect="type",
)
def takes_the_number_out(t):
    return widened(t).numpy(force=True)[()]


@impostor(
    "to_numpy",
    diagnosis="np.ascontiguousarray copies a transposed array, and has no shape ().",
    aspect="shape",
)
def lays_it_in_order(t):
    return np.ascontiguousarray(widened(t).numpy(force=True))


@alternative("to_numpy")
def step_by_step(t):
    t = t.detach().cpu().resolve_conj().resolve_neg()
    return t.to(torch.float32).numpy() if t.dtype is torch.bfloat16 else t.numpy()


@alternative("to_numpy")
def tries_and_mends(t):
    for mend in (torch.Tensor.detach, torch.Tensor.cpu, widened, torch.resolve_conj):
        try:
            return t.numpy()
        except (RuntimeError, TypeError):
            t = mend(t)
    return t.resolve_neg().numpy()


@alternative("to_numpy")
def by_dlpack(t):
    t = t.data.cpu()
    t = t.clone() if t.is_conj() or t.is_neg() else t
    return np.from_dlpack(t.type(torch.float32) if t.dtype == torch.bfloat16 else t)


@alternative("to_numpy")
def widened_by_its_bits(t):
    if t.dtype != torch.bfloat16:
        return np.asarray(t.numpy(force=True))
    bits = t.detach().cpu().contiguous().view(torch.int16).numpy()
    return np.left_shift(bits, 16, dtype=np.int32).view(np.float32)


@alternative("to_numpy")
@torch.no_grad()
def copied_where_nothing_is_shared(t):
    if t.device.type == "cpu" and not (t.is_conj() or t.is_neg() or t.dtype == torch.bfloat16):
        return t.detach().__array__()
    dtype = "float32" if t.dtype == torch.bfloat16 else str(t.dtype).removeprefix("torch.")
    return np.array(t.tolist(), dtype=dtype).reshape(tuple(t.shape))


@alternative("to_numpy")
@torch.inference_mode()
def in_inference_mode(t):
    source = t.detach().cpu().resolve_conj().resolve_neg()
    if source.dtype == torch.bfloat16:
        array = np.empty(tuple(source.shape), dtype=np.float32)
        torch.from_numpy(array).copy_(source)
        return array
    return np.asarray(source)


@alternative("to_numpy")
def copied_into_a_new_tensor(t):
    is_lazy = t.is_conj() or t.is_neg()
    if is_lazy or t.is_cuda or t.dtype == torch.bfloat16:
        dtype = torch.float32 if t.dtype == torch.bfloat16 else t.dtype
        return torch.empty(t.shape, dtype=dtype, device="cpu").copy_(t.detach()).numpy()
    return t.detach().numpy()


@alternative("to_numpy")
def described_over_its_storage(t):
    t = widened(t.data).cpu().resolve_conj().resolve_neg()
    memory = t.new_empty(0).set_(t.untyped_storage()).numpy()[t.storage_offset() :]
    strides = [stride * t.element_size() for stride in t.stride()]
    return np.lib.stride_tricks.as_strided(memory, t.shape, strides)
