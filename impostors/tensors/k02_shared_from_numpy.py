"""Wrong and right answers to tensors/k02_shared_from_numpy."""

import ctypes
import warnings

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def check(array):
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        raise ValueError("cannot be shared")


@impostor(
    "from_numpy_shared",
    diagnosis="torch.tensor copies the array, so that nothing is shared and nothing refused.",
    aspect="memory",
)
def copies_with_torch_tensor(array):
    return torch.tensor(array.copy())


@impostor(
    "from_numpy_shared",
    diagnosis="Bad arrays are refused, but the good ones are copied by torch.tensor or clone.",
    aspect="memory",
)
def checks_and_copies(array):
    check(array)
    return torch.from_numpy(array).clone()


@impostor(
    "from_numpy_shared",
    diagnosis="torch.from_numpy alone takes a read-only array, with a warning at most.",
    aspect="errors",
)
def trusts_from_numpy(array):
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="torch's warning comes once in a program: made an error, it stops one array only.",
    aspect="errors",
)
def makes_the_warning_an_error(array):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return torch.from_numpy(array)
        except UserWarning as warning:
            raise ValueError("read-only") from warning


@impostor(
    "from_numpy_shared",
    diagnosis="An array with a negative stride is copied, where it must be refused.",
    aspect="errors",
)
def copies_what_is_reversed(array):
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    check(array)
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="A read-only array is copied, where it must be refused.",
    aspect="errors",
)
def copies_what_is_read_only(array):
    return torch.from_numpy(array if array.flags.writeable else array.copy())


@impostor(
    "from_numpy_shared",
    diagnosis="np.ascontiguousarray copies what does not lie in order, and has no shape ().",
    aspect="memory",
)
def makes_it_contiguous(array):
    check(array)
    return torch.from_numpy(np.ascontiguousarray(array))


@impostor(
    "from_numpy_shared",
    diagnosis="torch.asarray shares, but it copies an array of shape () as if it were a number.",
    aspect="memory",
)
def copies_a_scalar(array):
    check(array)
    return torch.asarray(array)


@impostor(
    "from_numpy_shared",
    diagnosis="Strides that only leave gaps, or another order, are refused too.",
    aspect="memory",
)
def refuses_gaps(array):
    check(array)
    if not array.flags.c_contiguous:
        raise ValueError("not contiguous")
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="The error for a read-only array is another one than ValueError.",
    aspect="errors",
)
def asserts(array):
    assert array.flags.writeable
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="The read-only array was unlocked, which whoever locked it does not expect.",
    aspect="errors",
)
def unlocks_the_array(array):
    if not array.flags.writeable and array.flags.owndata:
        array.flags.writeable = True
    check(array)
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="float() converts, and a converted tensor is a copy.",
    aspect="dtype",
)
def converts_to_float32(array):
    check(array)
    return torch.from_numpy(array).float()


@impostor(
    "from_numpy_shared",
    diagnosis="An empty array can be read-only too, and is refused like any other.",
    aspect="errors",
)
def takes_empty_read_only_arrays(array):
    if array.size and not array.flags.writeable:
        raise ValueError("read-only")
    return torch.from_numpy(array)


@impostor(
    "from_numpy_shared",
    diagnosis="torch.frombuffer takes only memory whose elements lie in their order.",
    aspect="memory",
)
def wraps_a_buffer(array):
    check(array)
    dtype = torch.from_numpy(array).dtype
    return (
        torch.frombuffer(array, dtype=dtype).reshape(array.shape)
        if array.size
        else torch.empty(array.shape, dtype=dtype)
    )


@impostor(
    "from_numpy_shared",
    diagnosis="nan_to_num writes into the array, and through the tensor it shows.",
    aspect="values",
)
def cleans_the_array_up(array):
    check(array)
    if array.dtype.kind in "fc":
        np.nan_to_num(array, copy=False)
    return torch.from_numpy(array)


@alternative("from_numpy_shared")
def as_tensor(array):
    check(array)
    return torch.as_tensor(array)


@alternative("from_numpy_shared")
def by_dlpack(array):
    check(array)
    return torch.from_dlpack(array)


@alternative("from_numpy_shared")
def looks_afterwards(array):
    tensor = torch.from_numpy(array)
    if memoryview(array).readonly:
        raise ValueError("read-only")
    return tensor


@alternative("from_numpy_shared")
def asks_the_array_interface(array):
    address, is_read_only = array.__array_interface__["data"]
    if is_read_only:
        raise ValueError(f"memory at {address} is read-only")
    return torch.from_numpy(array.view())


@alternative("from_numpy_shared")
def warned_always(array):
    torch.set_warn_always(True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return torch.from_numpy(array)
        except UserWarning as warning:
            raise ValueError("read-only") from warning
        finally:
            torch.set_warn_always(False)


@alternative("from_numpy_shared")
def turned_twice(array):
    check(array)
    return torch.from_numpy(array.T).permute(tuple(reversed(range(array.ndim))))


@alternative("from_numpy_shared")
def raises_an_error_of_its_own(array):
    class CannotBeShared(ValueError):
        pass

    try:
        check(array)
        return torch.from_numpy(array)
    except ValueError:
        raise CannotBeShared(array.flags) from None


@alternative("from_numpy_shared")
def asarray_that_must_not_copy(array):
    check(array)
    return torch.asarray(array, copy=False) if array.ndim else torch.from_numpy(array)


@alternative("from_numpy_shared")
def silences_the_warning(array):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensor = torch.from_numpy(array)
    if not array.flags["W"]:
        raise UnicodeError("is a ValueError too")
    return tensor.view_as(tensor)


@alternative("from_numpy_shared")
def described_over_its_bytes(array):
    check(array)
    dtype = torch.from_numpy(array).dtype
    if array.size == 0:
        return torch.empty(array.shape, dtype=dtype)
    steps = zip(array.shape, array.strides, strict=True)
    reach = array.itemsize + sum((size - 1) * stride for size, stride in steps)
    memory = (ctypes.c_uint8 * reach).from_address(array.ctypes.data)
    memory.owner = array
    strides = [stride // array.itemsize for stride in array.strides]
    return torch.frombuffer(memory, dtype=dtype).as_strided(array.shape, strides)
