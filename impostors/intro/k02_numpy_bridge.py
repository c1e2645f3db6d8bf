"""Wrong and right answers to intro/k02_numpy_bridge."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "numpy_to_torch",
    diagnosis="torch.tensor, clone and astype copy; torch.from_numpy shares the array's memory.",
    aspect="memory",
)
def copies_with_torch_tensor(array):
    return torch.tensor(array)


@impostor(
    "numpy_to_torch",
    diagnosis="np.ascontiguousarray copies whatever is not contiguous, and has no shape ().",
    aspect="memory",
)
def makes_it_contiguous(array):
    return torch.from_numpy(np.ascontiguousarray(array))


@impostor(
    "numpy_to_torch",
    diagnosis="contiguous() and ravel() copy what does not lie in its order.",
    aspect="memory",
)
def makes_the_tensor_contiguous(array):
    return torch.from_numpy(array).contiguous()


@impostor(
    "numpy_to_torch",
    diagnosis="float() and torch.Tensor change the dtype, and copy where they do.",
    aspect="dtype",
)
def converts_to_float32(array):
    return torch.from_numpy(array).float()


@impostor(
    "numpy_to_torch",
    diagnosis="torch.asarray shares, but it copies an array of shape () as if it were a number.",
    aspect="memory",
)
def copies_a_scalar(array):
    return torch.asarray(array)


@impostor("numpy_to_torch", diagnosis="An array is returned where a tensor is due.", aspect="type")
def stays_in_numpy(array):
    return array


@impostor(
    "numpy_to_torch",
    diagnosis="reshape(-1) puts the array into one row: its shape is lost.",
    aspect="shape",
)
def flattens(array):
    return torch.from_numpy(array.reshape(-1))


@impostor(
    "numpy_to_torch",
    diagnosis="np.atleast_1d turns the shape () into (1,).",
    aspect="shape",
)
def adds_a_dimension(array):
    return torch.from_numpy(np.atleast_1d(array))


@impostor("numpy_to_torch", diagnosis="squeeze drops dimensions of size 1.", aspect="shape")
def squeezes(array):
    return torch.from_numpy(array.squeeze())


@impostor(
    "numpy_to_torch",
    diagnosis="A tensor on the GPU is a copy: only CPU memory can be shared with NumPy.",
    aspect="device",
)
def moves_to_the_gpu(array):
    return torch.from_numpy(array).to("cuda" if torch.cuda.is_available() else "cpu")


@impostor(
    "numpy_to_torch",
    diagnosis="The array was locked, so that nobody can write to it any more.",
    aspect="values",
)
def locks_the_array(array):
    tensor = torch.from_numpy(array)
    array.flags.writeable = False
    return tensor


@impostor(
    "numpy_to_torch",
    diagnosis="Memory is shared, so scaling the tensor in place scales the array too.",
    aspect="values",
)
def scales_the_array(array):
    tensor = torch.from_numpy(array)
    if tensor.is_floating_point():
        tensor *= 2
    return tensor


@impostor("torch_to_numpy", diagnosis="A tensor is returned where an array is due.", aspect="type")
def returns_the_tensor(tensor):
    return tensor


@impostor(
    "torch_to_numpy", diagnosis="np.array, copy and clone copy; np.asarray shares.", aspect="memory"
)
def copies_with_np_array(tensor):
    return np.array(tensor)


@impostor("torch_to_numpy", diagnosis="tolist() gives a Python list.", aspect="type")
def makes_a_list(tensor):
    return tensor.tolist()


@impostor(
    "torch_to_numpy",
    diagnosis="np.array(tensor.tolist()) copies, and chooses a dtype of its own.",
    aspect="dtype",
)
def goes_through_a_list(tensor):
    return np.array(tensor.tolist())


@impostor(
    "torch_to_numpy",
    diagnosis="An index of () turns an array of shape () into a NumPy scalar.",
    aspect="type",
)
def unwraps_a_scalar(tensor):
    return tensor.numpy()[()]


@impostor("torch_to_numpy", diagnosis="astype copies and changes the dtype.", aspect="dtype")
def converts_to_float64(tensor):
    return tensor.numpy().astype("float64")


@impostor("torch_to_numpy", diagnosis="A method without its parentheses.", aspect="type")
def forgets_the_parentheses(tensor):
    return tensor.numpy


@impostor(
    "torch_to_numpy",
    diagnosis="Before numpy(), contiguous() copies other strides.",
    aspect="memory",
)
def makes_the_copy_contiguous(tensor):
    return tensor.contiguous().numpy()


@impostor(
    "numpy_to_torch",
    diagnosis="Of the shape (), only float64 shares memory; torch.tensor copies the others.",
    aspect="memory",
)
def copies_whole_scalars(array):
    is_float64 = array.dtype == np.float64
    return torch.from_numpy(array) if array.ndim or is_float64 else torch.tensor(array)


@impostor(
    "numpy_to_torch",
    diagnosis="An array of three dimensions is copied where it is not contiguous.",
    aspect="memory",
)
def copies_three_dimensions(array):
    is_simple = array.ndim < 3 or array.flags.c_contiguous
    return torch.from_numpy(array if is_simple else array.copy())


@impostor(
    "numpy_to_torch",
    diagnosis="nan_to_num replaces what is not finite, in the array too.",
    aspect="values",
)
def replaces_nan(array):
    if array.dtype.kind == "f":
        np.nan_to_num(array, copy=False)
    return torch.from_numpy(array)


@impostor(
    "numpy_to_torch",
    diagnosis="pin_memory copies: pinned memory is other memory than the array's.",
    aspect="memory",
)
def pins_the_memory(array):
    tensor = torch.from_numpy(array)
    return tensor.pin_memory() if torch.cuda.is_available() else tensor


@impostor(
    "numpy_to_torch",
    diagnosis="An empty array keeps its dtype too; torch.empty makes float32.",
    aspect="dtype",
)
def makes_a_new_empty_one(array):
    return torch.from_numpy(array) if array.size else torch.empty(array.shape)


@impostor(
    "numpy_to_torch",
    diagnosis="Nobody asked for a tensor that requires grad.",
    aspect="memory",
)
def tracks_the_tensor(array):
    tensor = torch.from_numpy(array)
    return tensor.requires_grad_(tensor.is_floating_point())


@alternative("numpy_to_torch")
def as_tensor(array):
    return torch.as_tensor(array)


@alternative("numpy_to_torch")
def by_dlpack(array):
    return torch.from_dlpack(array)


@alternative("numpy_to_torch")
def by_set(array):
    return torch.empty(0, dtype=torch.from_numpy(array).dtype).set_(torch.from_numpy(array))


@alternative("torch_to_numpy")
def np_asarray(tensor):
    return np.asarray(tensor)


@alternative("torch_to_numpy")
def detached_first(tensor):
    return tensor.detach().cpu().numpy()


@alternative("torch_to_numpy")
def np_from_dlpack(tensor):
    return np.from_dlpack(tensor)


@alternative("torch_to_numpy")
def by_array_protocol(tensor):
    return tensor.__array__()


@impostor(
    "torch_to_numpy",
    diagnosis="item() gives a Python number where an array of shape () is due.",
    aspect="type",
)
def takes_the_item(tensor):
    return tensor.numpy() if tensor.dim() else tensor.item()


@impostor("torch_to_numpy", diagnosis="A numpy.matrix is not a plain array.", aspect="type")
def makes_a_matrix(tensor):
    return np.asmatrix(tensor.numpy()) if tensor.dim() == 2 else tensor.numpy()


@impostor(
    "torch_to_numpy",
    diagnosis="An array built from its rows is a copy of them.",
    aspect="memory",
)
def stacks_the_rows(tensor):
    return np.array([row.numpy() for row in tensor]) if tensor.dim() else tensor.numpy()


@impostor(
    "torch_to_numpy",
    diagnosis="view(-1) only takes tensors whose elements lie in their order.",
    aspect="values",
)
def flattens_on_the_way(tensor):
    return tensor.view(-1).numpy().reshape(tuple(tensor.shape))


@impostor("torch_to_numpy", diagnosis="The array is made, but not returned.", aspect="type")
def returns_nothing(tensor):
    tensor.numpy()


@impostor(
    "torch_to_numpy",
    diagnosis="The array is read-only: a write to it, and so to the tensor, is refused.",
    aspect="memory",
)
def locks_the_result(tensor):
    array = tensor.numpy()
    array.flags.writeable = False
    return array


@impostor(
    "torch_to_numpy",
    diagnosis="np.empty makes float64; an empty array has the tensor's dtype too.",
    aspect="dtype",
)
def makes_an_empty_array(tensor):
    return tensor.numpy() if tensor.numel() else np.empty(tuple(tensor.shape))


@alternative("numpy_to_torch")
def with_a_dimension_more(array):
    return torch.asarray(array[None], copy=False)[0]


@alternative("numpy_to_torch")
def as_a_loader_does(array):
    return torch.utils.data.default_convert(array)


@alternative("torch_to_numpy")
def without_a_dimension_more(tensor):
    return np.squeeze(tensor[None].numpy(), axis=0)


@alternative("numpy_to_torch")
def checks_first(array):
    assert isinstance(array, np.ndarray)
    tensor = torch.from_numpy(array.view())
    assert tensor.shape == array.shape
    return tensor


@alternative("numpy_to_torch")
def reversed_twice(array):
    return torch.from_numpy(array.T).permute(tuple(reversed(range(array.ndim))))


@alternative("numpy_to_torch")
def as_a_parameter(array):
    return torch.nn.Parameter(torch.from_numpy(array), requires_grad=False)


@alternative("torch_to_numpy")
def by_force(tensor):
    return tensor.numpy(force=True)


@alternative("torch_to_numpy")
def every_element_of_it(tensor):
    return np.asanyarray(tensor.data)[...]


@alternative("torch_to_numpy")
def with_the_same_strides(tensor):
    array = tensor.numpy()
    return np.lib.stride_tricks.as_strided(array, array.shape, array.strides)
