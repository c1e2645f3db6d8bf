"""The checks of intro/k10_linear_network: a network is judged by its parameters and its outputs.

W and b are found by their shapes, whatever the learner calls them and wherever they are kept. The
expected outputs are NumPy's, in float64, or whole numbers that float32 holds exactly.
"""

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    Call,
    CheckFailed,
    aspect,
    describe,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_shape,
    expect_tensor,
    expect_values,
    layouts,
    random_like,
    shares_storage,
    untouched,
)

NO_MODULE = "returned {what}; expected a network, an instance of nn.Module."
MODULES = "nn.Linear and nn.Sequential are modules, and so is a subclass of nn.Module."
NO_RETURN = "Does every path of make_network end in a return?"
CALL_IT = "A class only says how networks are made: call it to make one."
PARAMETERS = "made a network with {found}; expected W (5, 10), b (5,) and no others."
UNSEEN = (
    "A module sees an nn.Parameter or a module in its attributes, not a plain tensor or a list."
)
BIAS = "Each output has a number that is added to it. Is there a parameter (5,) of them?"
SIZES = "W has a row for each output. Which size does your layer take first?"
NO_MORE = "One linear layer is the whole network: nothing else has parameters."
FROZEN = (
    "made a network whose {name} of shape {shape} is not trainable: its requires_grad is False."
)
TRAINABLE = "An optimizer can only train parameters that require grad."
LAST = "The last dimension of x holds the features; all others come out as they went in."
FORMULA = (
    "The output is x·Wᵀ + b in float32 and nothing else: is there anything before or behind it?"
)
THAT_IS = "These are the numbers of {formula}."
REPLACED = "replaced the parameters of the network by new ones."
ONCE = "Make the layer once, when the network is made, and use that one at each call."
CHANGED = "the output for the new W and b that were written into its parameters,"
FOLLOW = "Read W and b themselves at each call: a copy does not see that they are trained."
EQUAL_ROWS = "made a network whose W has five equal rows, which begin with {value:.6g}."
RANDOM = "Nothing distinguishes the outputs of such a layer: begin with random weights."
EQUAL_COLUMNS = "made a network whose W has ten equal columns, which begin with {value:.6g}."
ALIKE = "Such a layer only sees the sum of its features: begin with random weights."
REPEATED = "made two networks with the same W, which begins with {value:.6g}."
DRAW = "Draw new weights in each call, and set no seed inside the function."
SAME = "returned the same network as before."
SHARED = "made two networks that share the memory of their {name}: training one trains both."
INSIDE = "Build everything inside the function, so that each call makes a new one."
LEFT = "made a network whose {name} is on {where} after .to({device!r})."
MIXED = "computed with tensors on cpu and on cuda, after .to({device!r})."
MOVED = "Parameters and buffers are moved; plain tensors and layers made in forward are not."
OTHER_DTYPE = "made a network whose {name} is {dtype}, while x is float32."
FLOAT32 = "torch makes float32 parameters by itself: leave them so."
TRACKED = "Compute with W, b and x themselves, without `detach`, `.data` or `no_grad`."
KEEP = "Write nothing into x."
WRITTEN = "wrote into {name} while it computed its output for x."
TRAINING = "Computing an output only reads W and b; it is an optimizer that changes them."

# what a wrong answer may compute instead, from x·Wᵀ and b
FORMULAS = {
    "x·Wᵀ, without b": lambda product, _: product,
    "x·Wᵀ + 2b": lambda product, b: product + 2 * b,
    "x·Wᵀ - b": lambda product, b: product - b,
    "relu(x·Wᵀ + b)": lambda product, b: (product + b).relu(),
    "sigmoid(x·Wᵀ + b)": lambda product, b: (product + b).sigmoid(),
    "tanh(x·Wᵀ + b)": lambda product, b: (product + b).tanh(),
    "softmax(x·Wᵀ + b)": lambda product, b: (product + b).softmax(-1),
}
SHAPES = [(10,), (1, 10), (7, 10), (2, 3, 10), (2, 1, 3, 10), (0, 10), (3, 0, 10), (0, 3, 10)]


def made(solution, device):
    """A network of the learner's on the device, called once, so that lazy layers are complete."""
    network = solution.make_network()
    expect_module(network)
    if not any(True for _ in network.parameters()):  # it may make them at the first call
        run(solution, network, torch.ones(2, 10))
    network.to(device)
    run(solution, network, torch.ones(2, 10).to(device))
    return network


def expect_module(network):
    """It is a module, not a class of them or a function."""
    if isinstance(network, type):
        raise CheckFailed(NO_MODULE.format(what=f"the class {network.__name__} itself"), CALL_IT)
    if not issubclass(type(network), nn.Module):
        hint = NO_RETURN if network is None else MODULES
        raise CheckFailed(NO_MODULE.format(what=describe(network)), hint)


def run(solution, network, x):
    """The network's output for x; the message of what fails next begins with this call."""
    solution.last_call = Call("make_network()", [x], {})
    try:
        return network(x)
    except RuntimeError as error:
        explain_by_parameters(solution, network, x)
        if "same device" in str(error):
            raise CheckFailed(MIXED.format(device=x.device.type), MOVED) from None
        raise


def explain_by_parameters(solution, network, x):
    """Where the parameters are wrong, that is the better explanation of what went wrong for x."""
    for name, one in zip("Wb", weight_and_bias(solution, network), strict=True):
        sentence = OTHER_DTYPE.format(name=name, dtype=dtype_name(one.dtype))
        expect(one.dtype == torch.float32, sentence, FLOAT32)
    solution.last_call = Call("make_network()", [x], {})


def weight_and_bias(solution, network):
    """The network's W and b, found by shape, once these are all the parameters it has."""
    solution.last_call = "make_network()"
    # not by network.parameters(): a learner's module may override it
    found = dict(nn.Module.named_parameters(network))
    shapes = {
        name: "lazy" if nn.parameter.is_lazy(one) else tuple(one.shape)
        for name, one in found.items()
    }
    by_shape = {shapes[name]: one for name, one in found.items()}
    if len(found) == 2 and by_shape.keys() == {(5, 10), (5,)}:
        return by_shape[(5, 10)], by_shape[(5,)]
    words = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    sentence = PARAMETERS.format(found=f"the parameters {words}" if words else "no parameters")
    raise CheckFailed(sentence, _hint(list(shapes.values())))


def _hint(shapes):
    if not shapes:
        return UNSEEN
    if (5, 10) not in shapes:
        return SIZES
    return BIAS if (5,) not in shapes else NO_MORE


def pairs_of_two(solution, device):
    """The W and the b of two networks that share nothing, in pairs."""
    first, second = made(solution, device), made(solution, device)
    solution.last_call = "make_network()"
    expect(second is not first, SAME, INSIDE)
    pairs = zip(weight_and_bias(solution, first), weight_and_bias(solution, second), strict=True)
    pairs = dict(zip("Wb", pairs, strict=True))
    for name, pair in pairs.items():
        expect(not shares_storage(*pair), SHARED.format(name=name), INSIDE)
    return pairs.values()


def expect_trainable(solution, network):
    """Both parameters require grad."""
    for name, parameter in zip("Wb", weight_and_bias(solution, network), strict=True):
        sentence = FROZEN.format(name=name, shape=tuple(parameter.shape))
        expect(parameter.requires_grad, sentence, TRAINABLE)


def double(x):
    """A tensor's numbers as a float64 array."""
    return x.detach().cpu().double().numpy()


def run_and_compare(solution, network, x, hint, what, exactly=False):
    """The output is x·Wᵀ + b; the hint names another formula where it has these numbers."""
    parameters = weight_and_bias(solution, network)
    numbers, weight, bias = (double(one) for one in (x, *parameters))
    product, b = torch.tensor(numbers @ weight.T), torch.tensor(bias)
    size = float((np.abs(numbers) @ np.abs(weight).T + np.abs(bias)).max(initial=0))
    rounding = 0 if exactly else 8 * torch.finfo(torch.float32).eps * size  # of 11 terms, at most
    got = run(solution, network, x)
    still_there = list(nn.Module.parameters(network))
    expect(all(any(a is b for b in still_there) for a in parameters), REPLACED, ONCE)
    for name, one, before in zip("Wb", parameters, (weight, bias), strict=True):
        is_same = np.array_equal(double(one), before, equal_nan=True)
        expect(is_same, WRITTEN.format(name=name), TRAINING)
    expect_tensor(got)
    try:
        expect_values(got, (product + b).float(), hint, what, rtol=0, atol=rounding)
    except CheckFailed as failed:
        for formula, compute in FORMULAS.items():
            other = compute(product, b).float()
            if got.shape == other.shape and torch.allclose(got.detach().cpu().float(), other):
                hint = THAT_IS.format(formula=formula)
        raise CheckFailed(failed.sentence, hint, failed.got, failed.expected) from None


def whole_numbers(device, shape, largest, seed):
    """Whole numbers of both signs, so small that float32 holds each product and sum exactly."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-largest, largest + 1, shape, generator=generator).float().to(device)


def write(device, weight, bias):
    """Write new whole numbers into W and b, too long for half precision, as training would."""
    with torch.no_grad():
        weight.copy_(whole_numbers(device, (5, 10), 5000, seed=1))
        bias.copy_(whole_numbers(device, (5,), 5000, seed=2))


@aspect("type")
def test_makes_a_network(solution, device):
    """make_network returns an nn.Module."""
    expect_module(solution.make_network())


@aspect("type")
def test_the_network_returns_a_tensor(solution, device):
    """The network takes a tensor and returns a tensor."""
    network = made(solution, device)
    expect_tensor(run(solution, network, torch.ones(2, 10).to(device)))


@aspect("shape")
def test_the_output_has_five_features(solution, device):
    """The shape (..., 10) becomes (..., 5)."""
    network = made(solution, device)
    for shape in SHAPES:
        x = torch.ones(shape).to(device)
        got = run(solution, network, x)
        expect_tensor(got)
        if got.shape != (*shape[:-1], 5):
            explain_by_parameters(solution, network, x)
        expect_shape(got, (*shape[:-1], 5), LAST)


@aspect("dtype")
def test_the_output_is_float32(solution, device):
    """The output is float32, as x is."""
    network = made(solution, device)
    expect_dtype(run(solution, network, torch.ones(2, 10).to(device)), torch.float32)


@aspect("device")
def test_moves_to_the_device(solution, device):
    """After .to(device) the parameters and the output lie there."""
    network = made(solution, device)
    solution.last_call = "make_network()"
    for name, parameter in nn.Module.named_parameters(network):
        sentence = LEFT.format(name=name, device=device, where=parameter.device)
        expect(parameter.device.type == device, sentence, MOVED)
    expect_device(run(solution, network, torch.ones(2, 10).to(device)), device, MOVED)


@aspect("values")
def test_computes_the_formula(solution, device):
    """The output is x·Wᵀ + b with the network's own W and b, in train and in eval mode."""
    network = made(solution, device)
    x = random_like(torch.empty(7, 10), seed=3).to(device)
    for training in (True, False):
        network.train(training)
        mode = f"the output in {'train' if training else 'eval'} mode"
        run_and_compare(solution, network, x, FORMULA, mode)


@aspect("values")
def test_follows_its_parameters(solution, device):
    """The output follows W and b when they change, for x of every shape."""
    network = made(solution, device)
    inputs = [whole_numbers(device, shape, 50, seed=4) for shape in SHAPES]
    for shape in [(7, 10), (2, 3, 10)]:
        inputs += layouts(whole_numbers(device, shape, 50, seed=5)).values()
    run(solution, network, inputs[0])  # an output that is kept for x does not follow
    write(device, *weight_and_bias(solution, network))
    for x in inputs:
        run_and_compare(solution, network, x, FOLLOW, CHANGED, exactly=True)


@aspect("values")
def test_has_random_weights(solution, device):
    """Each network has random weights of its own.

    Even weights that are only +1 or -1 have five equal rows or ten equal columns, or are equal in
    both networks, with a chance of 2 ** -40 or less, so below 1e-12.
    """
    (first, second), _ = pairs_of_two(solution, device)
    numbers = double(first)
    value = float(numbers[0, 0])
    expect(bool((numbers != numbers[0]).any()), EQUAL_ROWS.format(value=value), RANDOM)
    is_mixed = bool((numbers != numbers[:, :1]).any())
    expect(is_mixed, EQUAL_COLUMNS.format(value=value), ALIKE)
    expect(bool((numbers != double(second)).any()), REPEATED.format(value=value), DRAW)


@aspect("gradient")
def test_gradients_reach_the_parameters_and_x(solution, device):
    """The gradients of W, b and x are those of x·Wᵀ + b."""
    network = made(solution, device)
    expect_trainable(solution, network)
    write(device, *weight_and_bias(solution, network))
    weight, bias = weight_and_bias(solution, network)
    cases = [((10,), True), ((7, 10), True), ((2, 3, 10), True), ((2, 1, 3, 10), False)]
    for shape, training in cases:
        network.train(training)
        x = whole_numbers(device, shape, 50, seed=6)
        weights = whole_numbers(device, (*shape[:-1], 5), 50, seed=7)
        rows = double(weights).reshape(-1, 5)
        expected = {
            "W": torch.tensor(rows.T @ double(x).reshape(-1, 10)).float(),
            "b": torch.tensor(rows.sum(0)).float(),
            "x": torch.tensor((rows @ double(weight)).reshape(shape)).float(),
        }
        x.requires_grad_()
        got = run(solution, network, x)
        expect_shape(got, weights.shape, LAST)
        expect_dtype(got, torch.float32)
        inputs = {"W": weight, "b": bias, "x": x}
        expect_gradients(got, inputs, weights, expected, TRACKED)


@aspect("memory")
def test_makes_a_new_network_at_each_call(solution, device):
    """Two networks share nothing: neither the module nor the memory of a parameter."""
    pairs_of_two(solution, device)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """The network writes nothing into x."""
    network = made(solution, device)
    for shape in [(10,), (2, 3, 10)]:
        x = whole_numbers(device, shape, 50, seed=8)
        with untouched(KEEP, x=x):
            run(solution, network, x)


@aspect("structure")
def test_has_two_parameters(solution, device):
    """W of shape (5, 10) and b of shape (5,) are all the parameters."""
    weight_and_bias(solution, made(solution, device))


@aspect("structure")
def test_has_trainable_parameters(solution, device):
    """W and b are trainable."""
    expect_trainable(solution, made(solution, device))
