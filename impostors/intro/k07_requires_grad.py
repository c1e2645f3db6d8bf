"""Wrong and right answers to intro/k07_requires_grad."""

import functools
import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor

DRAWN = torch.randn(3, 3)
BUFFER = torch.empty(3, 3)
GENERATOR = torch.Generator().manual_seed(7)


def shifted_mean(x):
    return (x + 2).mean()


NORMAL = functools.partial(torch.normal, 0.0, 1.0, (3, 3))


# tracked_tensor


@impostor(
    "tracked_tensor",
    diagnosis="to(device) after requires_grad=True is an operation: on a GPU it returns no leaf.",
    aspect="gradient",
)
def moves_the_leaf(device="cpu"):
    return torch.randn(3, 3, requires_grad=True).to(device)


@impostor(
    "tracked_tensor",
    diagnosis="A leaf is multiplied: what is returned is a result, no leaf.",
    aspect="gradient",
)
def scales_the_leaf(device="cpu"):
    return torch.randn(3, 3, device=device, requires_grad=True) * 1.0


@impostor(
    "tracked_tensor",
    diagnosis="The nine numbers require grad, but reshape makes a view, which is no leaf.",
    aspect="gradient",
)
def reshapes_the_leaf(device="cpu"):
    return torch.randn(9, device=device, requires_grad=True).reshape(3, 3)


@impostor(
    "tracked_tensor",
    diagnosis="retain_grad keeps a result's gradient, but makes it no leaf.",
    aspect="gradient",
)
def retains_the_gradient(device="cpu"):
    x = torch.randn(3, 3, requires_grad=True).clone().to(device)
    x.retain_grad()
    return x


@impostor(
    "tracked_tensor",
    diagnosis="No argument asked autograd to track the tensor.",
    aspect="gradient",
)
def forgets_requires_grad(device="cpu"):
    return torch.randn(3, 3, device=device)


@impostor(
    "tracked_tensor",
    diagnosis="detach returns a tensor that autograd does not track.",
    aspect="gradient",
)
def detaches_the_leaf(device="cpu"):
    return torch.randn(3, 3, requires_grad=True).detach().to(device)


@impostor(
    "tracked_tensor",
    diagnosis="x.requires_grad is only read here: the line sets nothing.",
    aspect="gradient",
)
def reads_the_flag(device="cpu"):
    x = torch.randn(3, 3, device=device)
    x.requires_grad
    return x


@impostor(
    "tracked_tensor",
    diagnosis="x.require_grad is a misspelt name: Python sets it, autograd does not know it.",
    aspect="gradient",
)
def misspells_the_flag(device="cpu"):
    x = torch.randn(3, 3, device=device)
    x.require_grad = True
    return x


@impostor(
    "tracked_tensor",
    diagnosis="torch.rand is uniform on [0, 1), not normal.",
    aspect="values",
)
def draws_uniform_numbers(device="cpu"):
    return torch.rand(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="Uniform numbers with mean 0 and variance 1 are not normal either.",
    aspect="values",
)
def scales_uniform_numbers(device="cpu"):
    return ((torch.rand(3, 3, device=device) - 0.5) * math.sqrt(12)).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="normal_(0, 0.01) has a standard deviation of 0.01, not 1.",
    aspect="values",
)
def initialises_weights(device="cpu"):
    return torch.empty(3, 3, device=device).normal_(0, 0.01).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="trunc_normal_ cuts everything beyond ±2 off.",
    aspect="values",
)
def truncates(device="cpu"):
    return torch.nn.init.trunc_normal_(torch.empty(3, 3, device=device)).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="Everything beyond ±2.5 is drawn closer, though such numbers belong to the normal.",
    aspect="values",
)
def clamps(device="cpu"):
    return torch.randn(3, 3, device=device).clamp(-2.5, 2.5).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="Standardised: nine numbers with mean 0 and variance 1 are not nine free draws.",
    aspect="values",
)
def standardises(device="cpu"):
    x = torch.randn(3, 3, device=device)
    return ((x - x.mean()) / x.std()).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="The mean of the nine numbers was taken off them, so that their sum is always 0.",
    aspect="values",
)
def centres(device="cpu"):
    x = torch.randn(3, 3, device=device)
    return ((x - x.mean()) * math.sqrt(9 / 8)).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="One number is drawn for each row, and repeated along it.",
    aspect="values",
)
def repeats_along_rows(device="cpu"):
    return torch.randn(3, 1, device=device).repeat(1, 3).requires_grad_()


@impostor("tracked_tensor", diagnosis="The matrix is symmetric.", aspect="values")
def symmetrises(device="cpu"):
    x = torch.randn(3, 3, device=device)
    return (x.triu() + x.triu(1).T).requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="A seed inside the function gives the same numbers at each call.",
    aspect="values",
)
def seeds_inside(device="cpu"):
    torch.manual_seed(0)
    return torch.randn(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="The numbers were drawn once, when the file was imported.",
    aspect="values",
)
def draws_once(device="cpu"):
    return DRAWN.to(device).clone().requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="The default draws once, when the function is defined.",
    aspect="values",
)
def draws_in_the_default(device="cpu", x=torch.randn(3, 3)):
    return x.to(device).detach().requires_grad_()


@impostor(
    "tracked_tensor",
    diagnosis="One buffer is filled again at each call, so earlier results change.",
    aspect="values",
)
def fills_a_buffer(device="cpu"):
    BUFFER.normal_()
    return BUFFER.detach().to(device).requires_grad_()


@impostor("tracked_tensor", diagnosis="All numbers are 1.", aspect="values")
def returns_ones(device="cpu"):
    return torch.ones(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="torch.empty holds whatever was in memory, no random numbers.",
    aspect="values",
)
def leaves_the_memory_as_it_was(device="cpu"):
    return torch.empty(3, 3, device=device, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="NumPy's numbers are float64.",
    aspect="dtype",
)
def takes_float64_from_numpy(device="cpu"):
    return torch.tensor(np.random.randn(3, 3), device=device, requires_grad=True)


@impostor("tracked_tensor", diagnosis="One dimension of 3 is missing.", aspect="shape")
def forgets_a_dimension(device="cpu"):
    return torch.randn(3, device=device, requires_grad=True)


@impostor("tracked_tensor", diagnosis="The argument `device` is not used.", aspect="device")
def ignores_the_device(device="cpu"):
    return torch.randn(3, 3, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="The device was chosen by what the machine has, not by the argument.",
    aspect="device",
)
def prefers_the_gpu(device="cpu"):
    place = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.randn(3, 3, device=place, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="device == 'cuda' is False for torch.device('cuda', 0).",
    aspect="device",
)
def compares_with_a_text(device="cpu"):
    place = "cuda" if isinstance(device, str) and device == "cuda" else "cpu"
    return torch.randn(3, 3, device=place, requires_grad=True)


@impostor(
    "tracked_tensor",
    diagnosis="backward() returns None, and the tensor is lost.",
    aspect="type",
)
def returns_what_backward_returns(device="cpu"):
    return torch.randn(3, 3, device=device, requires_grad=True).sum().backward()


# is_tracked


@impostor(
    "is_tracked",
    diagnosis="x.is_leaf is True for tensors that nobody tracks, and False for tracked results.",
    aspect="values",
)
def asks_for_a_leaf(x):
    return x.is_leaf


@impostor(
    "is_tracked",
    diagnosis="A result is no leaf, but a tracked leaf is not the opposite of that.",
    aspect="values",
)
def asks_for_a_result(x):
    return not x.is_leaf


@impostor(
    "is_tracked",
    diagnosis="x.grad is None until backward() has been here, and may outlive the tracking.",
    aspect="values",
)
def asks_for_a_gradient(x):
    return x.grad is not None


@impostor(
    "is_tracked",
    diagnosis="A leaf has no grad_fn, and is tracked if it requires grad.",
    aspect="values",
)
def asks_for_a_grad_fn(x):
    return x.grad_fn is not None


@impostor(
    "is_tracked",
    diagnosis="Results are left out: they are tracked, but no leaves.",
    aspect="values",
)
def asks_for_a_tracked_leaf(x):
    return x.is_leaf and x.requires_grad


@impostor(
    "is_tracked",
    diagnosis="A leaf that does not require grad is not tracked, and a result may not be either.",
    aspect="values",
)
def takes_leaves_for_tracked(x):
    return x.is_leaf or x.grad_fn is not None


@impostor(
    "is_tracked",
    diagnosis="Every tensor has the attribute requires_grad: its value counts.",
    aspect="values",
)
def asks_for_the_attribute(x):
    return hasattr(x, "requires_grad")


@impostor(
    "is_tracked",
    diagnosis="False is not None, so this is always True.",
    aspect="values",
)
def compares_the_flag_with_none(x):
    return x.requires_grad is not None


@impostor(
    "is_tracked",
    diagnosis="That says whether autograd is switched on, not whether it tracks x.",
    aspect="values",
)
def asks_whether_autograd_is_on(x):
    return torch.is_grad_enabled()


@impostor(
    "is_tracked",
    diagnosis="A float tensor can be tracked, but need not be.",
    aspect="values",
)
def asks_for_a_float(x):
    return x.is_floating_point()


@impostor(
    "is_tracked",
    diagnosis="Only parameters count here, but every tensor may require grad.",
    aspect="values",
)
def asks_for_a_parameter(x):
    return isinstance(x, torch.nn.Parameter)


@impostor(
    "is_tracked",
    diagnosis="The flag is compared with a text, and so never equal to it.",
    aspect="values",
)
def compares_the_flag_with_a_text(x):
    return x.requires_grad == "True"


@impostor(
    "is_tracked",
    diagnosis="requires_grad_() switches the tracking on, and returns x.",
    aspect="type",
)
def switches_it_on(x):
    return x.requires_grad_() if x.is_floating_point() else x


@impostor(
    "is_tracked",
    diagnosis="The answer is right, but x is tracked from now on.",
    aspect="memory",
)
def switches_it_on_afterwards(x):
    answer = x.requires_grad
    if x.is_leaf and x.is_floating_point():
        x.requires_grad = True
    return answer


@impostor(
    "is_tracked",
    diagnosis="Trying backward() leaves gradients behind.",
    aspect="memory",
)
def tries_backward(x):
    try:
        x.abs().sum().backward()
    except RuntimeError:
        return False
    return True


@impostor(
    "is_tracked",
    diagnosis="The operator `or` returns one of its sides, here a grad_fn, not a bool.",
    aspect="type",
)
def returns_a_grad_fn(x):
    return x.grad_fn or x.requires_grad


@impostor("is_tracked", diagnosis="A tensor with one bool is no bool.", aspect="type")
def returns_a_bool_tensor(x):
    return torch.tensor(x.requires_grad)


@impostor("is_tracked", diagnosis="1 and 0 are integers, no bools.", aspect="type")
def returns_an_integer(x):
    return int(x.requires_grad)


@impostor("is_tracked", diagnosis="NumPy's bool is another type than Python's.", aspect="type")
def returns_a_numpy_bool(x):
    return np.bool_(x.requires_grad)


@impostor("is_tracked", diagnosis="The answer is a word, no bool.", aspect="type")
def returns_a_text(x):
    return "True" if x.requires_grad else "False"


@impostor(
    "is_tracked",
    diagnosis="Without a call this is a method, which counts as true.",
    aspect="type",
)
def returns_the_method(x):
    return x.requires_grad_


# gradient_of_mean


@impostor(
    "gradient_of_mean",
    diagnosis="backward() returns None; it leaves the gradient in x.grad.",
    aspect="type",
)
def returns_the_result_of_backward(x):
    return (x + 2).mean().backward()


@impostor(
    "gradient_of_mean",
    diagnosis="autograd.grad returns a tuple, whose only item is the gradient.",
    aspect="type",
)
def returns_the_tuple(x):
    return torch.autograd.grad((x + 2).mean(), x)


@impostor(
    "gradient_of_mean",
    diagnosis="The mean is a result, and a result's .grad stays empty.",
    aspect="type",
)
def asks_the_mean_for_its_gradient(x):
    y = (x + 2).mean()
    y.backward()
    return y.grad


@impostor(
    "gradient_of_mean",
    diagnosis="Without backward() there is no gradient yet.",
    aspect="type",
)
def forgets_backward(x):
    (x + 2).mean()
    return x.grad


@impostor("gradient_of_mean", diagnosis="That is the mean itself.", aspect="shape")
def returns_the_mean(x):
    return (x + 2).mean()


@impostor("gradient_of_mean", diagnosis="That is the mean of the gradient.", aspect="shape")
def averages_the_gradient(x):
    (x + 2).mean().backward()
    return x.grad.mean()


@impostor("gradient_of_mean", diagnosis="x has its gradient, but x is returned.", aspect="values")
def returns_x(x):
    (x + 2).mean().backward()
    return x


@impostor(
    "gradient_of_mean",
    diagnosis="The sum's gradient is 1 everywhere; the mean divides by n.",
    aspect="values",
)
def takes_the_sum(x):
    (x + 2).sum().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="backward(ones_like(x)) without the mean is the gradient of the sum.",
    aspect="values",
)
def leaves_the_mean_out(x):
    y = x + 2
    y.backward(torch.ones_like(y))
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="backward() needs one number, and x + 2 has several.",
    aspect="type",
)
def goes_back_from_many_numbers(x):
    (x + 2).backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="Two times backward() adds up to twice the gradient.",
    aspect="values",
)
def goes_back_twice(x):
    y = (x + 2).mean()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="x * 2 has another gradient than x + 2.",
    aspect="values",
)
def multiplies_by_two(x):
    (x * 2).mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="The mean over the first dimension alone divides by its size only.",
    aspect="values",
)
def averages_the_rows_only(x):
    if x.dim() == 0:
        return torch.ones_like(x)
    (x + 2).mean(0).sum().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="len(x) is the size of the first dimension only, and a 0-d x has none.",
    aspect="values",
)
def divides_by_the_length(x):
    return torch.ones_like(x) / len(x)


@impostor(
    "gradient_of_mean",
    diagnosis="1/9 in shape (3, 3) is right for one shape only.",
    aspect="shape",
)
def knows_one_shape(x):
    return torch.full((3, 3), 1 / 9)


@impostor(
    "gradient_of_mean",
    diagnosis="torch.full makes a float32 tensor on the CPU, whatever x is.",
    aspect="dtype",
)
def makes_float32(x):
    return torch.full(x.shape, 1 / x.numel())


@impostor(
    "gradient_of_mean",
    diagnosis="The dtype is right, but the gradient lies on the CPU.",
    aspect="device",
)
def makes_it_on_the_cpu(x):
    return torch.full(x.shape, 1 / x.numel(), dtype=x.dtype)


@impostor("gradient_of_mean", diagnosis="The gradient is turned into float32.", aspect="dtype")
def computes_in_float32(x):
    y = x.detach().float().requires_grad_()
    (y + 2).mean().backward()
    return y.grad


@impostor(
    "gradient_of_mean",
    diagnosis="x.data += 2 writes the 2 into x itself.",
    aspect="memory",
)
def adds_to_the_data(x):
    x.data += 2
    x.mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="Under no_grad x += 2 is possible, but it changes x itself.",
    aspect="memory",
)
def adds_in_place_under_no_grad(x):
    with torch.no_grad():
        x += 2
    x.mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="x += 2 would change a leaf that requires grad, and raises.",
    aspect="type",
)
def adds_in_place(x):
    x += 2
    x.mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="A step of gradient descent changes x.",
    aspect="memory",
)
def takes_a_step(x):
    (x + 2).mean().backward()
    with torch.no_grad():
        x -= 0.1 * x.grad
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="x does not require grad any more afterwards.",
    aspect="memory",
)
def freezes_x(x):
    (x + 2).mean().backward()
    return x.requires_grad_(False).grad


@impostor(
    "gradient_of_mean",
    diagnosis="zero_() empties the gradient that is returned.",
    aspect="values",
)
def empties_the_gradient(x):
    (x + 2).mean().backward()
    gradient = x.grad
    x.grad.zero_()
    return gradient


@impostor(
    "gradient_of_mean",
    diagnosis="After detach() nothing is recorded, and backward() raises.",
    aspect="type",
)
def detaches_x(x):
    (x.detach() + 2).mean().backward()
    return x.grad


@impostor(
    "gradient_of_mean",
    diagnosis="A difference quotient with a large step and float32 is not exact.",
    aspect="values",
)
def takes_a_difference_quotient(x):
    values = x.detach().float().cpu().flatten()
    slopes = []
    for i in range(len(values)):
        moved = values.clone()
        moved[i] += 0.001
        slopes.append(((moved + 2).mean() - (values + 2).mean()) / 0.001)
    return torch.stack(slopes).reshape(x.shape).to(x)


# right answers


@alternative("tracked_tensor")
def asks_right_after_creation(device="cpu"):
    return torch.randn(3, 3).to(device).requires_grad_()


@alternative("tracked_tensor")
def sets_the_flag(device="cpu"):
    x = torch.empty((3, 3), device=device).normal_()
    x.requires_grad = True
    return x


@alternative("tracked_tensor")
def makes_a_parameter(device="cpu"):
    return torch.nn.Parameter(torch.randn(3, 3, device=device))


@alternative("tracked_tensor")
def makes_a_variable(device="cpu"):
    return torch.autograd.Variable(torch.randn(3, 3, device=device), requires_grad=True)


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
def cuts_a_result_off(device="cpu"):
    return (torch.randn(3, 3, requires_grad=True) * 1).to(device).detach().requires_grad_()


@alternative("tracked_tensor")
def takes_float32_from_numpy(device="cpu"):
    array = np.random.default_rng().standard_normal((3, 3), dtype=np.float32)
    return torch.from_numpy(array).to(device).requires_grad_()


@alternative("tracked_tensor")
def uses_its_own_generator(device="cpu"):
    return torch.randn(3, 3, generator=GENERATOR).to(device).requires_grad_()


@alternative("tracked_tensor")
def number_by_number(device="cpu"):
    rows = [[torch.randn(()).item() for _ in range(3)] for _ in range(3)]
    return torch.tensor(rows, device=device, requires_grad=True)


@alternative("tracked_tensor")
def makes_it_under_the_device(device="cpu"):
    with torch.device(device):
        return torch.randn(3, 3).T.requires_grad_()


@alternative("tracked_tensor")
def transforms_uniform_numbers(device="cpu"):
    u, v = 1 - torch.rand(3, 3, device=device), torch.rand(3, 3, device=device)
    return (torch.sqrt(-2 * torch.log(u)) * torch.cos(2 * math.pi * v)).requires_grad_()


@alternative("is_tracked")
def leaf_or_result(x):
    return x.grad_fn is not None or (x.is_leaf and x.requires_grad)


@alternative("is_tracked")
def in_two_branches(x):
    if x.requires_grad:
        return True
    return False


@alternative("is_tracked")
def asks_a_result(x):
    return (x * 1).requires_grad


@alternative("is_tracked")
def by_the_name(x):
    return bool(getattr(x, "requires_grad", False))


@alternative("is_tracked")
def negates_twice(x):
    return not (not x.requires_grad)


@alternative("is_tracked")
def asks_torch_for_any(x):
    return any(tensor.requires_grad for tensor in (x,))


@alternative("is_tracked")
def asks_the_sum(x):
    return x.sum().grad_fn is not None


@alternative("gradient_of_mean")
def autograd_grad(x):
    return torch.autograd.grad((x + 2).mean(), x)[0]


@alternative("gradient_of_mean")
def autograd_grad_with_its_graph(x):
    (gradient,) = torch.autograd.grad((x + 2).mean(), [x], create_graph=True)
    return gradient


@alternative("gradient_of_mean")
def torch_autograd_backward(x):
    torch.autograd.backward(torch.mean(torch.add(x, 2)))
    return x.grad.clone()


@alternative("gradient_of_mean")
def on_a_fresh_leaf(x):
    y = x.detach().clone().requires_grad_()
    (y + 2).mean().backward()
    return y.grad


@alternative("gradient_of_mean")
def on_another_leaf_in_the_same_memory(x):
    y = x.data.requires_grad_()
    torch.mean(y + 2).backward()
    return y.grad


@alternative("gradient_of_mean")
def takes_the_gradient_away(x):
    (x + 2).mean().backward()
    gradient, x.grad = x.grad, None
    return gradient


@alternative("gradient_of_mean")
def empties_the_gradient_after_a_copy(x):
    ((x + 2).sum() / x.numel()).backward()
    gradient = x.grad.clone()
    x.grad.zero_()
    return gradient


@alternative("gradient_of_mean")
def functional_jacobian(x):
    return torch.autograd.functional.jacobian(shifted_mean, x)


@alternative("gradient_of_mean")
def in_closed_form(x):
    return torch.full_like(x, 1 / x.numel())


@alternative("gradient_of_mean")
def in_closed_form_on_the_graph(x):
    return torch.ones_like(x) / x.numel()


@alternative("gradient_of_mean")
def catches_it_with_a_hook(x):
    found = []
    handle = x.register_hook(found.append)
    (x + 2).mean().backward()
    handle.remove()
    return found[0]


@alternative("gradient_of_mean")
def with_weights_for_the_sum(x):
    y = x + 2
    y.backward(gradient=torch.full_like(y, 1 / y.numel()))
    return x.grad
