"""Wrong and right answers to intro/k07_requires_grad."""

import functools
import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor

BUFFER = torch.zeros(3, 3)
KNOWN = {}
GENERATOR = torch.Generator().manual_seed(7)
NORMAL = functools.partial(torch.normal, 0.0, 1.0, (3, 3))


# tracked_tensor


@impostor(
    "tracked_tensor",
    diagnosis="It moves a leaf to the device, which on a GPU returns a copy that is no leaf.",
    aspect="gradient",
)
def moves_the_leaf(device="cpu"):
    return torch.randn(3, 3, requires_grad=True).to(device)


@impostor(
    "tracked_tensor",
    diagnosis="It multiplies a leaf and returns the result, which is no leaf.",
    aspect="gradient",
)
def scales_the_leaf(device="cpu"):
    return torch.randn(3, 3, device=device, requires_grad=True) * 1.0


@impostor(
    "tracked_tensor",
    diagnosis="It returns a tensor that autograd was not asked to track, or that was detached.",
    aspect="gradient",
)
def forgets_requires_grad(device="cpu"):
    return torch.randn(3, 3, device=device)


@impostor(
    "tracked_tensor",
    diagnosis="torch.empty draws nothing: it shows whatever was in its memory before.",
    aspect="values",
)
def draws_nothing(device="cpu"):
    return torch.empty(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It draws uniform numbers from [0, 1), as torch.rand does, not normal ones.",
    aspect="values",
)
def draws_uniform_numbers(device="cpu"):
    return torch.rand(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It draws uniform numbers of mean 0 and variance 1, which are not normal either.",
    aspect="values",
)
def scales_uniform_numbers(device="cpu"):
    return ((torch.rand(3, 3, device=device) - 0.5) * math.sqrt(12)).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="It moves all numbers beyond ±2.5 closer, though some normal numbers lie there.",
    aspect="values",
)
def clamps(device="cpu"):
    return torch.randn(3, 3, device=device).clamp(-2.5, 2.5).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="It takes their mean off the nine numbers, so that their sum is always 0.",
    aspect="values",
)
def centres(device="cpu"):
    x = torch.randn(3, 3, device=device)
    return ((x - x.mean()) * math.sqrt(9 / 8)).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="It makes the matrix symmetric, so that six numbers are drawn instead of nine.",
    aspect="values",
)
def symmetrises(device="cpu"):
    x = torch.randn(3, 3, device=device)
    return (x.triu() + x.triu(1).T).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="It sets the seed inside the function, which gives the same numbers at each call.",
    aspect="values",
)
def seeds_inside(device="cpu"):
    torch.manual_seed(0)
    return torch.randn(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It fills one and the same tensor at each call, so that earlier results change.",
    aspect="values",
)
def fills_a_buffer(device="cpu"):
    BUFFER.normal_()
    return BUFFER.detach().to(device).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="It takes NumPy's numbers as they come, which is as float64.",
    aspect="dtype",
)
def takes_float64_from_numpy(device="cpu"):
    return torch.tensor(np.random.randn(3, 3), device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It does not use the argument `device`, and so always makes the tensor on the CPU.",
    aspect="device",
)
def ignores_the_device(device="cpu"):
    return torch.randn(3, 3, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It goes by what the machine has, not by the argument `device`.",
    aspect="device",
)
def prefers_the_gpu(device="cpu"):
    place = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.randn(3, 3, device=place, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It switches autograd off for the whole program, so that nothing is tracked later.",
    aspect="gradient",
)
def switches_autograd_off(device="cpu"):
    torch.set_grad_enabled(False)
    return torch.randn(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="It puts -3 and 3 in the place of all numbers beyond, though normal ones lie there.",
    aspect="values",
)
def clamps_at_three(device="cpu"):
    return torch.randn(3, 3, device=device).clamp(-3, 3).requires_grad_()


# is_tracked


@impostor(
    "is_tracked",
    diagnosis="It asks whether x is a leaf, as all untracked tensors are and tracked results not.",
    aspect="values",
)
def asks_for_a_leaf(x):
    return x.is_leaf


@impostor(
    "is_tracked",
    diagnosis="It asks for a gradient, which is there after backward() only, and may outlive that.",
    aspect="values",
)
def asks_for_a_gradient(x):
    return x.grad is not None


@impostor(
    "is_tracked",
    diagnosis="It asks whether x is a result, and so leaves out leaves that require grad.",
    aspect="values",
)
def asks_for_a_grad_fn(x):
    return x.grad_fn is not None


@impostor(
    "is_tracked",
    diagnosis="It lets only leaves count, though the results that autograd records are tracked.",
    aspect="values",
)
def asks_for_a_tracked_leaf(x):
    return x.is_leaf and x.requires_grad


@impostor(
    "is_tracked",
    diagnosis="It asks something that is true of every tensor, such as whether it has the flag.",
    aspect="values",
)
def asks_for_the_attribute(x):
    return hasattr(x, "requires_grad")


@impostor(
    "is_tracked",
    diagnosis="It returns what the operator `or` chose, which for a result is its grad_fn.",
    aspect="type",
)
def returns_a_grad_fn(x):
    return x.grad_fn or x.requires_grad


@impostor(
    "is_tracked",
    diagnosis="It answers rightly, but from then on autograd tracks x, which was to stay as it is.",
    aspect="memory",
)
def switches_it_on_afterwards(x):
    answer = x.requires_grad
    if x.is_leaf and x.is_floating_point():
        x.requires_grad = True
    return answer


@impostor(
    "is_tracked",
    diagnosis="It says False of every 0-d tensor, though numbers of shape () are tracked, too.",
    aspect="values",
)
def leaves_out_numbers(x):
    return x.requires_grad and x.dim() > 0


@impostor(
    "is_tracked",
    diagnosis="It says False of an empty tensor, which can be tracked, too.",
    aspect="values",
)
def leaves_out_empty_ones(x):
    return x.numel() > 0 and x.requires_grad


# gradient_of_mean


@impostor(
    "gradient_of_mean",
    diagnosis="It returns None: backward() returns nothing, and a result's own .grad stays empty.",
    aspect="type",
)
def returns_the_result_of_backward(x):
    return (x + 2).mean().backward()


@impostor(
    "gradient_of_mean",
    diagnosis="It returns the tuple that autograd.grad gives, not the gradient in it.",
    aspect="type",
)
def returns_the_tuple(x):
    return torch.autograd.grad((x + 2).mean(), x)


@impostor(
    "gradient_of_mean",
    diagnosis="It returns the gradient of the sum, which is 1 everywhere; the mean divides by n.",
    aspect="values",
)
def takes_the_sum(x):
    (x + 2).sum().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="It returns twice the gradient, as two calls of backward() do, or x * 2 for x + 2.",
    aspect="values",
)
def goes_back_twice(x):
    y = (x + 2).mean()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="It takes the mean over the first dimension only, and so divides by too little.",
    aspect="values",
)
def averages_the_rows_only(x):
    (x + 2).mean(0).sum().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="It returns 1/9 for every x, which is right for nine numbers only.",
    aspect="values",
)
def knows_one_shape(x):
    return torch.full_like(x, 1 / 9)


@impostor(
    "gradient_of_mean",
    diagnosis="It makes a float32 tensor on the CPU, whatever x's own dtype and device are.",
    aspect="dtype",
)
def makes_float32(x):
    return torch.full(x.shape, 1 / x.numel())


@impostor(
    "gradient_of_mean",
    diagnosis="It adds the 2 to x itself, whose values were to stay as they are.",
    aspect="memory",
)
def adds_in_place_under_no_grad(x):
    with torch.no_grad():
        x += 2
    x.mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="It empties x.grad by zero_(), which empties the gradient that it returns as well.",
    aspect="values",
)
def empties_the_gradient(x):
    (x + 2).mean().backward()
    gradient = x.grad
    x.grad.zero_()
    return gradient


@impostor(
    "gradient_of_mean",
    diagnosis="It computes with x's values, and gives NaN where they are inf or NaN.",
    aspect="values",
)
def takes_x_from_x(x):
    return ((x - x + 1) / x.numel()).detach()


@impostor(
    "gradient_of_mean",
    diagnosis="It remembers the gradient for each shape, and hands out one tensor again and again.",
    aspect="memory",
)
def remembers_the_gradient(x):
    key = (x.shape, x.dtype, x.device)
    if key not in KNOWN:
        (KNOWN[key],) = torch.autograd.grad((x + 2).mean(), x)
    return KNOWN[key]


# right answers


@alternative("tracked_tensor")
def by_the_method_of_box_and_muller(device="cpu"):
    one, other = 1 - torch.rand(3, 3), torch.rand(3, 3)
    drawn = torch.sqrt(-2 * torch.log(one)) * torch.cos(2 * math.pi * other)
    return drawn.to(device).requires_grad_()


@alternative("tracked_tensor")
def replaces_the_data_of_a_leaf(device="cpu"):
    x = torch.zeros(3, 3, device=device, requires_grad=True)
    x.data = torch.randn(3, 3, device=device)
    return x


@alternative("gradient_of_mean")
def functional_jacobian(x):
    return torch.autograd.functional.jacobian(lambda t: (t + 2).mean(), x)


@alternative("gradient_of_mean")
def an_expanded_number(x):
    return torch.tensor(1 / x.numel(), dtype=x.dtype, device=x.device).expand(x.shape)


@alternative("tracked_tensor")
def asks_right_after_creation(device="cpu"):
    return torch.randn(3, 3).to(device).requires_grad_()


@alternative("tracked_tensor")
def makes_a_parameter(device="cpu"):
    return torch.nn.Parameter(torch.randn(3, 3, device=device))


@alternative("tracked_tensor")
def calls_a_partial(device="cpu"):
    return NORMAL(device=device, requires_grad=True)


@alternative("tracked_tensor")
def initialises_a_leaf(device="cpu"):
    return torch.nn.init.normal_(torch.zeros(3, 3, device=device, requires_grad=True))


@alternative("tracked_tensor")
def samples_a_distribution(device="cpu"):
    return torch.distributions.Normal(0.0, 1.0).sample((3, 3)).to(device).requires_grad_(True)


@alternative("tracked_tensor")
def takes_float32_from_numpy(device="cpu"):
    array = np.random.default_rng().standard_normal((3, 3), dtype=np.float32)
    return torch.from_numpy(array).to(device).requires_grad_()


@alternative("tracked_tensor")
def uses_its_own_generator(device="cpu"):
    return torch.randn(3, 3, generator=GENERATOR).to(device).requires_grad_()


@alternative("tracked_tensor")
def makes_it_under_the_device(device="cpu"):
    with torch.device(device):
        return torch.randn(3, 3).T.requires_grad_()


@alternative("is_tracked")
def leaf_or_result(x):
    return x.grad_fn is not None or (x.is_leaf and x.requires_grad)


@alternative("is_tracked")
def asks_a_result(x):
    with torch.enable_grad():
        return (x * 1).requires_grad


@alternative("gradient_of_mean")
def autograd_grad(x):
    (gradient,) = torch.autograd.grad((x + 2).mean(), [x], create_graph=True)
    return gradient


@alternative("gradient_of_mean")
def func_grad(x):
    return torch.func.grad(lambda t: (t + 2).mean())(x)


@alternative("gradient_of_mean")
def on_another_leaf_in_the_same_memory(x):
    y = x.data.requires_grad_()
    torch.mean(y + 2).backward()
    return y.grad


@alternative("gradient_of_mean")
def in_closed_form(x):
    return torch.full_like(x, 1 / x.numel())


@alternative("gradient_of_mean")
def catches_it_with_a_hook(x):
    found = []
    handle = x.register_hook(found.append)
    (x + 2).mean().backward()
    handle.remove()
    x.grad = None
    return found[0]
