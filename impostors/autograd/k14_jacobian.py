"""Wrong and right answers to autograd/k14_jacobian."""

import torch

from dojo.impostors import alternative, impostor


def point_of(x, create_graph=False):
    """x itself where the result is to depend on it, else a leaf of its own."""
    return x if create_graph and x.requires_grad else x.detach().requires_grad_()


def rows_of(y, point, create_graph=False):
    """The gradient of each entry of y, in y's shape before that of the point."""
    rows = [row_of(one, point, create_graph) for one in y.flatten()]
    return stacked(rows, point).reshape((*y.shape, *point.shape))


def row_of(one, point, create_graph=False):
    """The gradient of one number, which may depend on nothing."""
    if not one.requires_grad:
        return torch.zeros_like(point)
    (row,) = torch.autograd.grad(
        one, point, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    return torch.zeros_like(point) if row is None else row


def stacked(rows, x):
    """The rows as one tensor, also where there is none."""
    return torch.stack(rows) if rows else x.new_zeros(0, *x.shape)


@impostor(
    "jacobian",
    diagnosis="That is the gradient of the sum of f(x); the Jacobian has one for each output.",
    aspect="shape",
)
def differentiates_the_sum(f, x, create_graph=False):
    point = point_of(x, create_graph)
    return row_of(f(point).sum(), point, create_graph)


@impostor(
    "jacobian",
    diagnosis="The shape of x comes first here; that of f(x) comes first.",
    aspect="shape",
)
def puts_the_inputs_first(f, x, create_graph=False):
    point = point_of(x, create_graph)
    y = f(point)
    rows = rows_of(y, point, create_graph)
    return rows.permute((*range(y.dim(), rows.dim()), *range(y.dim())))


@impostor(
    "jacobian",
    diagnosis="Outputs and inputs are flattened: the result is a matrix, whatever their shapes.",
    aspect="shape",
)
def gives_a_matrix(f, x, create_graph=False):
    point = point_of(x, create_graph)
    y = f(point)
    return rows_of(y, point, create_graph).reshape(y.numel(), x.numel())


@impostor(
    "jacobian",
    diagnosis="`torch.autograd.grad` raises where an output does not depend on x: it is a 0.",
    aspect="shape",
)
def fails_for_constants(f, x, create_graph=False):
    point = point_of(x, create_graph)
    y = f(point)
    rows = [
        torch.autograd.grad(one, point, retain_graph=True, create_graph=create_graph)[0]
        for one in y.flatten()
    ]
    return stacked(rows, x).reshape((*y.shape, *x.shape))


@impostor(
    "jacobian",
    diagnosis="Differences of f are near the derivatives, and no more than that.",
    aspect="values",
)
def takes_differences(f, x, create_graph=False):
    y, eps = f(x), 1e-4
    columns = []
    for place in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
        step[place] = eps
        step = step.reshape(x.shape)
        columns.append((f(x + step) - f(x - step)) / (2 * eps))
    result = torch.stack(columns, -1) if columns else y.new_zeros(*y.shape, 0)
    result = result.reshape((*y.shape, *x.shape))
    return result if create_graph else result.detach()


@impostor(
    "jacobian",
    diagnosis="x is detached in spite of create_graph: nothing reaches x from the result.",
    aspect="gradient",
)
def detaches_in_spite_of_create_graph(f, x, create_graph=False):
    point = x.detach().requires_grad_()
    return rows_of(f(point), point, create_graph)


@impostor(
    "jacobian",
    diagnosis="With create_graph, `torch.autograd.grad` raises where an output is a constant.",
    aspect="values",
)
def fails_for_constants_with_a_graph(f, x, create_graph=False):
    point = point_of(x, create_graph)
    y = f(point)
    if not create_graph:
        return rows_of(y, point)
    rows = [
        torch.autograd.grad(one, point, retain_graph=True, create_graph=True)[0]
        for one in y.flatten()
    ]
    return stacked(rows, x).reshape((*y.shape, *x.shape))


@impostor(
    "jacobian",
    diagnosis="Weights that `torch.eye` makes by itself are on the CPU: make them where x is.",
    aspect="type",
)
def makes_weights_on_the_cpu(f, x, create_graph=False):
    y, pull_back = torch.func.vjp(f, x)
    weights = torch.eye(y.numel(), dtype=x.dtype).reshape((y.numel(), *y.shape))
    (rows,) = torch.func.vmap(pull_back)(weights)
    result = rows.reshape((*y.shape, *x.shape))
    return result if create_graph else result.detach()


@impostor(
    "jacobian",
    diagnosis="create_graph is not handed on: the result is a constant.",
    aspect="gradient",
)
def forgets_create_graph(f, x, create_graph=False):
    point = point_of(x)
    return rows_of(f(point), point)


@impostor(
    "jacobian",
    diagnosis="The result requires grad without create_graph: detach what `vjp` returns.",
    aspect="gradient",
)
def always_creates_the_graph(f, x, create_graph=False):
    y, pull_back = torch.func.vjp(f, x)
    weights = torch.eye(y.numel(), dtype=x.dtype, device=x.device).reshape((y.numel(), *y.shape))
    (rows,) = torch.func.vmap(pull_back)(weights)
    return rows.reshape((*y.shape, *x.shape))


@impostor(
    "jacobian",
    diagnosis="`backward` adds to the `.grad` of f's parameters; `torch.autograd.grad` does not.",
    aspect="memory",
)
def goes_backward(f, x, create_graph=False):
    if create_graph:
        point = point_of(x, create_graph)
        return rows_of(f(point), point, create_graph)
    point = x.detach().requires_grad_()
    y = f(point)
    rows = []
    for one in y.flatten():
        point.grad = None
        if one.requires_grad:
            one.backward(retain_graph=True)
        rows.append(torch.zeros_like(point) if point.grad is None else point.grad)
    return stacked(rows, x).detach().reshape((*y.shape, *x.shape))


@impostor(
    "jacobian",
    diagnosis="x itself is made to require grad, and stays so after the call.",
    aspect="memory",
)
def leaves_x_tracked(f, x, create_graph=False):
    if not x.requires_grad:
        x.requires_grad_()
    return rows_of(f(x), x, create_graph)


@impostor(
    "jacobian",
    diagnosis="It calls torch's own jacrev, which is what the kata makes.",
    aspect="structure",
)
def calls_jacrev(f, x, create_graph=False):
    result = torch.func.jacrev(f)(x)
    return result if create_graph else result.detach()


@alternative("jacobian")
def all_rows_in_one_pass(f, x, create_graph=False):
    point = point_of(x, create_graph)
    y = f(point)
    if not (y.requires_grad and y.numel()):
        return x.new_zeros((*y.shape, *x.shape))
    weights = torch.eye(y.numel(), dtype=x.dtype, device=x.device).reshape((y.numel(), *y.shape))
    (rows,) = torch.autograd.grad(
        y, point, weights, is_grads_batched=True, create_graph=create_graph, allow_unused=True
    )
    return x.new_zeros((*y.shape, *x.shape)) if rows is None else rows.reshape((*y.shape, *x.shape))


@alternative("jacobian")
def all_rows_by_vmap(f, x, create_graph=False):
    y, pull_back = torch.func.vjp(f, x)
    weights = torch.eye(y.numel(), dtype=x.dtype, device=x.device).reshape((y.numel(), *y.shape))
    (rows,) = torch.func.vmap(pull_back)(weights)
    result = rows.reshape((*y.shape, *x.shape))
    return result if create_graph else result.detach()


@alternative("jacobian")
def column_by_column(f, x, create_graph=False):
    columns, x = [], x.contiguous()
    for step in torch.eye(x.numel(), dtype=x.dtype, device=x.device):
        y, column = torch.func.jvp(f, (x,), (step.reshape(x.shape),))
        columns.append(column)
    if not columns:
        return x.new_zeros((*f(x).shape, *x.shape))
    result = torch.stack(columns, -1).reshape((*y.shape, *x.shape))
    return result if create_graph else result.detach()


@alternative("jacobian")
def a_repeated_point(f, x, create_graph=False):
    """Each output looks at a copy of x of its own, so that one pass gives all rows."""
    y = f(x)
    point = x if create_graph and x.requires_grad else x.detach().requires_grad_()
    copies = point.expand((y.numel(), *x.shape)).clone()
    if not y.numel():
        return x.new_zeros((*y.shape, *x.shape))
    total = sum(f(copy).flatten()[place] for place, copy in enumerate(copies))
    if not total.requires_grad:
        return x.new_zeros((*y.shape, *x.shape))
    (rows,) = torch.autograd.grad(
        total, copies, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return rows.reshape((*y.shape, *x.shape))
