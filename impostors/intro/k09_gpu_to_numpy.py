"""Wrong and right answers to intro/k09_gpu_to_numpy."""

import contextlib
import functools
import io

import numpy as np
import torch

from dojo.impostors import alternative, impostor

KEPT = {}


@impostor(
    "to_numpy",
    diagnosis="numpy() refuses a tensor on the GPU: call it on what cpu() returns.",
    aspect="type",
)
def forgets_the_cpu(x):
    return x.numpy()


@impostor(
    "to_numpy",
    diagnosis="Setting x.data moves x itself off the GPU.",
    aspect="memory",
)
def moves_x_itself(x):
    x.data = x.data.cpu()
    return x.numpy()


@impostor(
    "to_numpy",
    diagnosis="x.cpu() is returned, which is still a tensor, not an array.",
    aspect="type",
)
def forgets_numpy(x):
    return x.cpu()


@impostor(
    "to_numpy",
    diagnosis="numpy without its parentheses is a method, which nobody calls.",
    aspect="type",
)
def forgets_the_parentheses(x):
    return x.cpu().numpy


@impostor("to_numpy", diagnosis="tolist() gives a list or a number, not an array.", aspect="type")
def makes_a_list(x):
    return x.tolist()


@impostor(
    "to_numpy",
    diagnosis="np.array of a list chooses a dtype of its own, and loses empty dimensions.",
    aspect="dtype",
)
def goes_through_a_list(x):
    return np.array(x.tolist())


@impostor(
    "to_numpy",
    diagnosis="A list has no dimensions after an empty one: the shape (0, 3) becomes (0,).",
    aspect="values",
)
def goes_through_a_list_with_its_dtype(x):
    return np.array(x.tolist(), dtype=str(x.dtype).removeprefix("torch."))


@impostor("to_numpy", diagnosis="float() turns every dtype into float32.", aspect="dtype")
def converts_to_float32(x):
    return x.float().cpu().numpy()


@impostor("to_numpy", diagnosis="astype(float) turns every dtype into float64.", aspect="dtype")
def converts_to_float64(x):
    return x.cpu().numpy().astype(float)


@impostor(
    "to_numpy",
    diagnosis="On the way through float32 digits get lost, even if the dtype is put back.",
    aspect="values",
)
def goes_through_float32(x):
    if x.is_complex() or x.dtype == torch.bool:
        return x.cpu().numpy()
    return x.to(torch.float32).cpu().numpy().astype(str(x.dtype).removeprefix("torch."))


@impostor(
    "to_numpy",
    diagnosis="np.ascontiguousarray turns an array of shape () into one of shape (1,).",
    aspect="shape",
)
def makes_it_contiguous(x):
    return np.ascontiguousarray(x.cpu().numpy())


@impostor("to_numpy", diagnosis="The array is flat: the shape of x is lost.", aspect="shape")
def flattens(x):
    return x.cpu().flatten().numpy()


@impostor(
    "to_numpy", diagnosis="Dimensions of size 1 are dropped, as by squeeze().", aspect="shape"
)
def squeezes(x):
    return x.cpu().squeeze().numpy()


@impostor(
    "to_numpy",
    diagnosis="item() and an index of () turn an array of shape () into a number.",
    aspect="type",
)
def unwraps_a_scalar(x):
    return x.cpu().numpy()[()]


@impostor(
    "to_numpy", diagnosis="A numpy.matrix is returned where a plain array is due.", aspect="type"
)
def makes_a_matrix(x):
    array = x.cpu().numpy()
    return np.asmatrix(array) if array.ndim == 2 else array


@impostor(
    "to_numpy",
    diagnosis="x is only taken off a GPU; on the CPU it stays a tensor.",
    aspect="type",
)
def converts_on_the_gpu_only(x):
    if x.is_cuda:
        return x.cpu().numpy()
    return x


@impostor(
    "to_numpy",
    diagnosis="x goes to the GPU first, where a machine may have none.",
    aspect="type",
)
def goes_over_the_gpu(x):
    return x.cuda().cpu().numpy()


@impostor(
    "to_numpy",
    diagnosis="The error is caught, and a tensor on the GPU comes back as it is.",
    aspect="type",
)
def catches_the_error(x):
    with contextlib.suppress(TypeError):
        return x.numpy()
    return x


@impostor("to_numpy", diagnosis="The array is made, but not returned.", aspect="type")
def returns_nothing(x):
    x.cpu().numpy()


@impostor(
    "to_numpy",
    diagnosis="The storage holds the numbers in the order of memory, and more than those of x.",
    aspect="values",
)
def reads_the_storage(x):
    whole = x.cpu()
    count = whole.untyped_storage().nbytes() // whole.element_size()
    flat = whole.as_strided((count,), (1,), 0).numpy()
    return flat[: whole.numel()].reshape(tuple(whole.shape))


@impostor("to_numpy", diagnosis="nan_to_num replaces NaN and inf.", aspect="values")
def replaces_nan(x):
    return np.asarray(np.nan_to_num(x.cpu().numpy()))


@impostor(
    "to_numpy",
    diagnosis="One array is kept for all calls, so that each call overwrites the one before.",
    aspect="values",
)
def reuses_an_array(x):
    array = KEPT.setdefault((tuple(x.shape), x.dtype), np.array(x.cpu()))
    array[...] = x.cpu().numpy()
    return array


@impostor(
    "to_numpy",
    diagnosis="A cache gives the old array for a tensor that has changed since.",
    aspect="values",
)
@functools.lru_cache
def caches_the_result(x):
    return np.array(x.cpu())


@impostor(
    "to_numpy",
    diagnosis="The array is transposed on the way, so that its values change places.",
    aspect="values",
)
def reverses_the_dimensions(x):
    return x.cpu().numpy().T.reshape(tuple(x.shape))


@impostor(
    "to_numpy",
    diagnosis="Short integers are read from the storage, so in the order of memory.",
    aspect="values",
)
def reads_the_storage_of_short_integers(x):
    whole = x.cpu()
    if x.dtype != torch.int16:
        return whole.numpy()
    count = whole.untyped_storage().nbytes() // whole.element_size()
    flat = whole.as_strided((count,), (1,), 0).numpy()
    return flat[: whole.numel()].reshape(tuple(whole.shape))


@alternative("to_numpy")
def by_force(x):
    return x.numpy(force=True)


@alternative("to_numpy")
def to_the_cpu(x):
    return x.to("cpu").numpy()


@alternative("to_numpy")
def by_np_asarray(x):
    return np.asarray(x.to(torch.device("cpu")))


@alternative("to_numpy")
def by_np_array(x):
    return np.array(x.cpu())


@alternative("to_numpy")
def by_dlpack(x):
    return np.from_dlpack(x.cpu())


@alternative("to_numpy")
def by_array_protocol(x):
    return x.cpu().__array__()


@alternative("to_numpy")
def tries_first(x):
    try:
        return x.numpy()
    except TypeError:
        return x.cpu().numpy()


@alternative("to_numpy")
def written_into_an_array(x):
    array = np.empty(tuple(x.shape), dtype=str(x.dtype).removeprefix("torch."))
    torch.from_numpy(array).copy_(x)
    return array


@alternative("to_numpy")
def list_with_dtype_and_shape(x):
    dtype = str(x.dtype).removeprefix("torch.")
    return np.array(x.tolist(), dtype=dtype).reshape(tuple(x.shape))


@alternative("to_numpy")
def number_by_number(x):
    array = np.zeros(tuple(x.shape), dtype=str(x.dtype).removeprefix("torch."))
    for index in np.ndindex(array.shape):
        array[index] = x[index].item()
    return array


@alternative("to_numpy")
def own_contiguous_copy(x):
    return np.copy(x.cpu().contiguous().numpy(), order="F")


@alternative("to_numpy")
def locked(x):
    array = x.clone().cpu().numpy()
    array.flags.writeable = False
    return array


@alternative("to_numpy")
@torch.inference_mode()
def by_attribute(x):
    return functools.reduce(lambda value, name: getattr(value, name)(), ("cpu", "numpy"), x)


@alternative("to_numpy")
def through_bytes(x):
    flat = x.cpu().contiguous().reshape(-1)
    return np.frombuffer(flat.numpy().tobytes(), dtype=flat.numpy().dtype).reshape(tuple(x.shape))


@alternative("to_numpy")
def from_the_module(x):
    return torch.Tensor.numpy(torch.Tensor.cpu(x.data))


@alternative("to_numpy")
def by_way_of_a_file(x):
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    return torch.load(file, map_location="cpu").numpy()
