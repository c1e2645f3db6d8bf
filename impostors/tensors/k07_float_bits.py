"""Wrong and right answers to tensors/k07_float_bits."""

import struct

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "float_bits",
    diagnosis="to(torch.int32) converts the numbers: the 1.5 becomes 1, with other bits.",
    aspect="values",
)
def converts_the_numbers(x):
    return x.to(torch.int32)


@impostor(
    "float_bits",
    diagnosis="The bits are right, but they were copied to other memory.",
    aspect="memory",
)
def copies(x):
    return x.clone().view(torch.int32)


@impostor(
    "float_bits",
    diagnosis="contiguous() copies an x that is not contiguous.",
    aspect="memory",
)
def makes_it_contiguous(x):
    return x.contiguous().view(torch.int32)


@impostor("float_bits", diagnosis="uint32 has no sign; int32 is asked for.", aspect="dtype")
def reads_without_a_sign(x):
    return x.view(torch.uint32)


@impostor(
    "float_bits",
    diagnosis="The bits of int32 were converted to int64, which takes new memory.",
    aspect="dtype",
)
def widens_to_int64(x):
    return x.view(torch.int32).long()


@impostor("float_bits", diagnosis="The result is flat; x has a shape.", aspect="shape")
def flattens(x):
    return x.reshape(-1).view(torch.int32)


@impostor(
    "float_bits",
    diagnosis="view(-1) only takes an x whose elements lie in their order.",
)
def views_it_flat(x):
    return x.view(-1).view(torch.int32).view(x.shape)


@impostor(
    "float_bits",
    diagnosis="Each float32 became two numbers of 16 bits.",
    aspect="shape",
)
def reads_halves(x):
    return x.unsqueeze(-1).view(torch.int16)


@impostor(
    "float_bits",
    diagnosis="The mask takes the sign bit away, and makes a copy.",
    aspect="values",
)
def loses_the_sign(x):
    return x.view(torch.int32) & 0x7FFFFFFF


@impostor(
    "float_bits",
    diagnosis="numpy() only reads memory of the CPU.",
    aspect="device",
)
def goes_through_numpy(x):
    return torch.from_numpy(x.numpy().view(np.int32))


@impostor(
    "float_bits",
    diagnosis="struct packs Python's floats, one by one, into new memory on the CPU.",
    aspect="device",
)
def packs_with_struct(x):
    packed = struct.pack(f"={x.numel()}f", *x.flatten().tolist())
    bits = struct.unpack(f"={x.numel()}i", packed)
    return torch.tensor(bits, dtype=torch.int32).reshape(x.shape)


@impostor(
    "float_bits",
    diagnosis="nan_to_num_ overwrites what is in x.",
    aspect="values",
)
def cleans_x_up(x):
    if x.is_contiguous():
        x.nan_to_num_()
    return x.view(torch.int32)


@impostor(
    "float_bits",
    diagnosis="A single number is packed anew, into other memory; a view of it has shape () too.",
    aspect="memory",
)
def packs_a_single_number(x):
    if x.dim():
        return x.view(torch.int32)
    (bits,) = struct.unpack("=i", struct.pack("=f", x.item()))
    return torch.tensor(bits, dtype=torch.int32, device=x.device)


@impostor(
    "float_bits",
    diagnosis="A tensor of three dimensions or more is flattened first, by a copy.",
    aspect="memory",
)
def copies_from_three_dimensions_on(x):
    if x.dim() < 3:
        return x.view(torch.int32)
    return torch.cat([x.flatten(1)]).view(torch.int32).view(x.shape)


@impostor(
    "float_bits",
    diagnosis="set_ on the storage needs x's offset and strides too.",
    aspect="values",
)
def forgets_offset_and_strides(x):
    result = torch.empty(0, dtype=torch.int32, device=x.device)
    return result.set_(x.untyped_storage(), 0, x.shape)


@impostor(
    "float_bits",
    diagnosis="Adding 0.0 makes a copy, and 0.0 of -0.0.",
    aspect="values",
)
def adds_0(x):
    return (x + 0.0).view(torch.int32)


@alternative("float_bits")
def named_argument(x):
    return x.detach().view(dtype=torch.int32)


@alternative("float_bits")
def a_new_tensor_on_the_storage(x):
    result = torch.empty(0, dtype=torch.int32, device=x.device)
    return result.set_(x.untyped_storage(), x.storage_offset(), x.shape, x.stride())


@alternative("float_bits")
def through_bytes(x):
    return x.unsqueeze(-1).view(torch.uint8).view(torch.int32).squeeze(-1)


@alternative("float_bits")
def the_operation_itself(x):
    return torch.ops.aten.view.dtype(x, torch.int32)


@alternative("float_bits")
def numpy_on_the_cpu(x):
    if x.is_cuda:
        return torch.Tensor.view(x, torch.int32)
    return torch.from_numpy(x.numpy().view(np.int32))


@alternative("float_bits")
def described_stride_by_stride(x):
    whole = x.as_strided((x.untyped_storage().nbytes() // 4,), (1,), 0).view(torch.int32)
    return whole.as_strided(x.shape, x.stride(), x.storage_offset())


@alternative("float_bits")
def in_two_halves(x):
    return x[..., None].view(torch.int16).view(torch.int32)[..., 0]
