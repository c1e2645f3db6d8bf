"""Wrong and right answers to autograd/k02_gradients_of."""

import torch

from dojo.impostors import alternative, impostor


def with_zeros(found, inputs):
    """A list with zeros in the place of None."""
    return [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, found)]


@impostor(
    "gradients_of",
    diagnosis="The gradients are left in a tuple, as torch.autograd.grad returns them.",
    aspect="type",
)
def returns_a_tuple(output, inputs):
    return torch.autograd.grad(
        output.sum(), inputs, retain_graph=True, allow_unused=True, materialize_grads=True
    )


@impostor(
    "gradients_of",
    diagnosis="allow_unused gives None for an input that is not used: make zeros of it.",
    aspect="type",
)
def leaves_none(output, inputs):
    return list(torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True))


@impostor(
    "gradients_of",
    diagnosis="torch.autograd.grad raises for an input that is not used, without allow_unused.",
    aspect="type",
)
def fails_for_unused(output, inputs):
    return list(torch.autograd.grad(output.sum(), inputs, retain_graph=True))


@impostor(
    "gradients_of",
    diagnosis="A pass starts from one number; another output has to be summed first.",
    aspect="type",
)
def takes_numbers_only(output, inputs):
    return with_zeros(
        torch.autograd.grad(output, inputs, retain_graph=True, allow_unused=True), inputs
    )


@impostor(
    "gradients_of",
    diagnosis="The zeros are float32 on the CPU, whatever the input is: take torch.zeros_like.",
    aspect="dtype",
)
def zeros_of_the_default_dtype(output, inputs):
    found = torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True)
    return [torch.zeros(x.shape) if g is None else g for x, g in zip(inputs, found)]


@impostor(
    "gradients_of",
    diagnosis="It is the mean of output that is differentiated here, and not the sum.",
    aspect="values",
)
def differentiates_the_mean(output, inputs):
    if not output.numel():
        return [torch.zeros_like(x) for x in inputs]
    return with_zeros(
        torch.autograd.grad(output.mean(), inputs, retain_graph=True, allow_unused=True), inputs
    )


@impostor(
    "gradients_of",
    diagnosis="What stood in .grad before is added to the gradients, and stays changed.",
    aspect="values",
)
def goes_backward(output, inputs):
    for x in inputs:
        if not x.is_leaf:
            x.retain_grad()
    output.sum().backward(retain_graph=True)
    return with_zeros([x.grad for x in inputs], inputs)


@impostor(
    "gradients_of",
    diagnosis="The .grad of the inputs is emptied, filled, and left like that.",
    aspect="memory",
)
def empties_and_goes_backward(output, inputs):
    for x in inputs:
        if not x.is_leaf:
            x.retain_grad()
        x.grad = None
    output.sum().backward(retain_graph=True)
    return with_zeros([None if x.grad is None else x.grad.clone() for x in inputs], inputs)


@impostor(
    "gradients_of",
    diagnosis="The .grad of the inputs is put back, but leaves outside of inputs are filled too.",
    aspect="memory",
)
def puts_back_the_inputs_alone(output, inputs):
    once = list({id(x): x for x in inputs}.values())
    before = [x.grad if x.is_leaf else None for x in once]
    for x in once:
        if not x.is_leaf:
            x.retain_grad()
        x.grad = None
    output.sum().backward(retain_graph=True)
    found = {id(x): x.grad for x in once}
    for x, grad in zip(once, before):
        x.grad = grad
    return with_zeros([found[id(x)] for x in inputs], inputs)


@impostor(
    "gradients_of",
    diagnosis="The graph is freed by the pass: a second call raises. retain_graph=True keeps it.",
    aspect="memory",
)
def frees_the_graph(output, inputs):
    return with_zeros(torch.autograd.grad(output.sum(), inputs, allow_unused=True), inputs)


@impostor(
    "gradients_of",
    diagnosis="create_graph keeps the graph too, but makes gradients that require grad.",
    aspect="gradient",
)
def creates_the_graph(output, inputs):
    return with_zeros(
        torch.autograd.grad(output.sum(), inputs, create_graph=True, allow_unused=True), inputs
    )


@impostor(
    "gradients_of",
    diagnosis="Inputs that are no leaves get zeros: a gradient reaches what is computed, too.",
    aspect="values",
)
def takes_leaves_only(output, inputs):
    found = torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True)
    return with_zeros([g if x.is_leaf else None for x, g in zip(inputs, found)], inputs)


@alternative("gradients_of")
def with_weights_of_one(output, inputs):
    weights = torch.ones_like(output)
    found = torch.autograd.grad(
        output, tuple(inputs), weights, retain_graph=True, materialize_grads=True, allow_unused=True
    )
    return list(found)


@alternative("gradients_of")
def one_pass_for_each(output, inputs):
    result = []
    for x in inputs:
        (g,) = torch.autograd.grad(output.sum(), x, retain_graph=True, allow_unused=True)
        result.append(torch.zeros_like(x) if g is None else g.clone())
    return result


@alternative("gradients_of")
def through_each_grad_and_back(output, inputs):
    """backward into the inputs alone, whose .grad is then put back."""
    once = list({id(x): x for x in inputs}.values())
    leaves = [x for x in once if x.is_leaf]
    before = [x.grad for x in leaves]
    found = {}
    try:
        for x in leaves:
            x.grad = None
        if leaves:
            output.sum().backward(retain_graph=True, inputs=leaves)
        found = {id(x): x.grad for x in leaves}
    finally:
        for x, grad in zip(leaves, before):
            x.grad = grad
    for x in once:
        if not x.is_leaf:
            (found[id(x)],) = torch.autograd.grad(
                output.sum(), x, retain_graph=True, allow_unused=True
            )
    return with_zeros([found[id(x)] for x in inputs], inputs)


@alternative("gradients_of")
def detached_from_a_graph(output, inputs):
    found = torch.autograd.grad(output.sum(), inputs, create_graph=True, allow_unused=True)
    return [
        x.detach().new_zeros(x.shape) if g is None else g.detach() for x, g in zip(inputs, found)
    ]


@alternative("gradients_of")
def through_copies(output, inputs):
    """A part of output at a time."""
    total = [torch.zeros_like(x) for x in inputs]
    for one in output.reshape(-1).unbind():
        found = torch.autograd.grad(one, inputs, retain_graph=True, allow_unused=True)
        total = [a if g is None else a + g for a, g in zip(total, found)]
    return total
