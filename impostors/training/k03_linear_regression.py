"""Wrong and right answers to training/k03_linear_regression."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


def expect_one_number_each(x, y):
    """Raise ValueError unless y is (n,)."""
    if y.shape != x.shape[:1]:
        raise ValueError("y does not have one number for each sample")


def with_ones(x):
    """x with a column of ones behind."""
    return torch.cat([x, x.new_ones(len(x), 1)], 1)


def descended(x, y, lr, steps, scale):
    """Gradient descent with a factor in place of 2 / n."""
    expect_one_number_each(x, y)
    weight, bias = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        error = (x @ weight + bias - y).detach()
        weight, bias = weight - lr * scale * (error @ x), bias - lr * scale * error.sum()
    return weight.detach(), bias


@impostor(
    "predict",
    diagnosis="The predictions come out as a column (n, 1): a weight of shape (d,) gives (n,).",
    aspect="shape",
)
def predicts_a_column(x, weight, bias):
    return x @ weight.unsqueeze(1) + bias


@impostor(
    "predict",
    diagnosis="The bias is added to each product, d times for a sample: add it to their sum.",
    aspect="values",
)
def adds_the_bias_to_each_product(x, weight, bias):
    return (x * weight + bias).sum(1)


@impostor(
    "fit_lstsq",
    diagnosis="The normal equations square the condition number, and float32 has no digits for"
    " that: solve for x itself, by lstsq or QR.",
    aspect="values",
)
@torch.no_grad()
def solves_the_normal_equations(x, y):
    expect_one_number_each(x, y)
    a = with_ones(x)
    solution = torch.linalg.solve(a.T @ a, a.T @ y)
    return solution[:-1], solution[-1]


@impostor(
    "fit_lstsq",
    diagnosis="The weight is fitted without a bias, and the bias follows: fit both together.",
    aspect="values",
)
@torch.no_grad()
def fits_the_bias_afterwards(x, y):
    expect_one_number_each(x, y)
    weight = torch.linalg.lstsq(x, y.unsqueeze(1)).solution.squeeze(1)
    return weight, (y - x @ weight).mean()


@impostor(
    "fit_lstsq",
    diagnosis="The ones stand in front, but the last number is taken for the bias.",
    aspect="values",
)
@torch.no_grad()
def takes_the_wrong_number_for_the_bias(x, y):
    expect_one_number_each(x, y)
    a = torch.cat([torch.ones_like(x[:, :1]), x], 1)
    solution = torch.linalg.lstsq(a, y.unsqueeze(1)).solution.squeeze(1)
    return solution[:-1], solution[-1]


@impostor(
    "fit_lstsq",
    diagnosis="What lstsq solved for a column is returned as columns: weight is (d,), bias 0-d.",
    aspect="shape",
)
@torch.no_grad()
def returns_columns(x, y):
    expect_one_number_each(x, y)
    solution = torch.linalg.lstsq(with_ones(x), y.unsqueeze(1)).solution
    return solution[:-1], solution[-1]


@impostor(
    "fit_lstsq",
    diagnosis="A column y of (n, 1) is taken as it comes: it is to raise ValueError.",
    aspect="errors",
)
@torch.no_grad()
def takes_columns(x, y):
    solution = torch.linalg.pinv(with_ones(x)) @ y.reshape(len(x))
    return solution[:-1], solution[-1]


@impostor(
    "fit_lstsq",
    diagnosis="The closed form is tracked by autograd where x or y is: a fit is to be plain.",
    aspect="gradient",
)
def fits_with_a_graph(x, y):
    expect_one_number_each(x, y)
    q, r = torch.linalg.qr(with_ones(x))
    solution = torch.linalg.solve_triangular(r, (q.T @ y).unsqueeze(1), upper=True).squeeze(1)
    return solution[:-1], solution[-1]


@impostor(
    "fit_gradient_descent",
    diagnosis="A column (n, 1) minus y of (n,) is a matrix n × n: each sample meets the targets of"
    " all samples.",
    aspect="values",
)
@torch.no_grad()
def subtracts_a_row_from_a_column(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight, bias = x.new_zeros(x.shape[1], 1), x.new_zeros(())
    for _ in range(steps):
        slope = 2 * (x @ weight + bias - y) / y.numel() ** 2
        weight, bias = weight - lr * (x.T @ slope).sum(1, keepdim=True), bias - lr * slope.sum()
    return weight.squeeze(1), bias


@impostor(
    "fit_gradient_descent",
    diagnosis="The factor 2 is missing: the slope of error² is 2 * error.",
    aspect="values",
)
def forgets_the_factor_2(x, y, lr, steps):
    return descended(x.detach(), y, lr, steps, 1 / len(x))


@impostor(
    "fit_gradient_descent",
    diagnosis="The errors are summed, not averaged: the gradient of the mean has 1 / n.",
    aspect="values",
)
def sums_over_the_samples(x, y, lr, steps):
    return descended(x.detach(), y, lr, steps, 2)


@impostor(
    "fit_gradient_descent",
    diagnosis="One step less is taken than asked for.",
    aspect="values",
)
def takes_a_step_less(x, y, lr, steps):
    return descended(x.detach(), y, lr, max(steps - 1, 0), 2 / len(x))


@impostor(
    "fit_gradient_descent",
    diagnosis="backward adds to .grad, and nothing clears it: old gradients pile up.",
    aspect="values",
)
def lets_gradients_pile_up(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight = x.new_zeros(x.shape[1]).requires_grad_()
    bias = x.new_zeros(()).requires_grad_()
    for _ in range(steps):
        nn.functional.mse_loss(x.detach() @ weight + bias, y.detach()).backward()
        with torch.no_grad():
            weight -= lr * weight.grad
            bias -= lr * bias.grad
    return weight.detach(), bias.detach()


@impostor(
    "fit_gradient_descent",
    diagnosis="The bias moves by a gradient at the new weight: take both gradients, then move.",
    aspect="values",
)
@torch.no_grad()
def moves_one_after_the_other(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight, bias = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        weight = weight - lr * 2 / len(x) * (x.T @ (x @ weight + bias - y))
        bias = bias - lr * 2 * (x @ weight + bias - y).mean()
    return weight, bias


@impostor(
    "fit_gradient_descent",
    diagnosis="Weight and bias move for each sample by itself: a step takes the mean over all.",
    aspect="values",
)
@torch.no_grad()
def moves_for_each_sample(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight, bias = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        for sample, target in zip(x, y, strict=True):
            error = sample @ weight + bias - target
            weight, bias = weight - lr * 2 * error * sample, bias - lr * 2 * error
    return weight, bias


@impostor(
    "fit_gradient_descent",
    diagnosis="What comes back requires grad: it is the leaf that was trained. Detach it.",
    aspect="gradient",
)
def returns_tracked_leaves(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight = x.new_zeros(x.shape[1]).requires_grad_()
    bias = x.new_zeros(()).requires_grad_()
    for _ in range(steps):
        loss = ((x.detach() @ weight + bias - y.detach()) ** 2).mean()
        slopes = torch.autograd.grad(loss, [weight, bias])
        with torch.no_grad():
            for parameter, slope in zip([weight, bias], slopes, strict=True):
                parameter -= lr * slope
    return weight, bias


@impostor(
    "fit_gradient_descent",
    diagnosis="nn.Linear draws its first numbers from torch's generator, which others use too:"
    " begin from zeros.",
    aspect="memory",
)
def makes_a_layer(x, y, lr, steps):
    expect_one_number_each(x, y)
    layer = nn.Linear(x.shape[1], 1).to(x.device, x.dtype)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    for _ in range(steps):
        layer.zero_grad()
        nn.functional.mse_loss(layer(x.detach()).squeeze(1), y.detach()).backward()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter -= lr * parameter.grad
    return layer.weight.detach()[0], layer.bias.detach()[0]


@impostor(
    "fit_gradient_descent",
    diagnosis="y is not looked at: a column (n, 1) is to raise ValueError.",
    aspect="errors",
)
def flattens_the_targets(x, y, lr, steps):
    targets = y.detach().flatten()
    weight, bias = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        error = x.detach() @ weight + bias - targets
        weight, bias = weight - lr * 2 / len(x) * (error @ x.detach()), bias - lr * 2 * error.mean()
    return weight, bias


@alternative("predict")
def by_products(x, weight, bias):
    return (x * weight).sum(-1) + bias


@alternative("predict")
def by_a_linear_layer(x, weight, bias):
    return nn.functional.linear(x, weight[None], bias[None]).squeeze(1)


@alternative("predict")
def by_addmv(x, weight, bias):
    return torch.addmv(bias.expand(len(x)), x, weight)


@alternative("fit_lstsq")
@torch.no_grad()
def by_qr(x, y):
    expect_one_number_each(x, y)
    q, r = torch.linalg.qr(with_ones(x))
    solution = torch.linalg.solve_triangular(r, (q.T @ y).unsqueeze(1), upper=True).squeeze(1)
    return solution[:-1], solution[-1]


@alternative("fit_lstsq")
def by_the_pseudoinverse(x, y):
    expect_one_number_each(x, y)
    *weight, bias = torch.linalg.pinv(with_ones(x.detach())) @ y.detach()
    return torch.stack(weight), bias


@alternative("fit_lstsq")
@torch.no_grad()
def centred_first(x, y):
    expect_one_number_each(x, y)
    middle = x.mean(0)
    centred = torch.linalg.lstsq(x - middle, (y - y.mean()).unsqueeze(1))
    weight = centred.solution.flatten()
    return weight, y.mean() - middle @ weight


@alternative("fit_lstsq")
@torch.no_grad()
def by_normal_equations_in_float64(x, y):
    expect_one_number_each(x, y)
    a = with_ones(x).double()
    solution = torch.linalg.solve(a.T @ a, a.T @ y.double()).to(x.dtype)
    return solution[:-1], solution[-1]


@alternative("fit_gradient_descent")
def by_autograd_and_sgd(x, y, lr, steps):
    expect_one_number_each(x, y)
    weight = torch.zeros(x.shape[1], dtype=x.dtype, device=x.device, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, device=x.device, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(x.detach() @ weight + bias, y.detach()).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@alternative("fit_gradient_descent")
def by_a_column_of_ones(x, y, lr, steps):
    expect_one_number_each(x, y)
    a = with_ones(x.detach())
    theta = a.new_zeros(a.shape[1])
    for _ in range(steps):
        theta -= 2 * lr / len(a) * (a.T @ (a @ theta - y.detach()))
    return theta[:-1], theta[-1]


@alternative("fit_gradient_descent")
def by_powers_of_a_matrix(x, y, lr, steps):
    expect_one_number_each(x, y)
    a = with_ones(x.detach()).double()
    step = torch.eye(a.shape[1], dtype=a.dtype, device=a.device) - 2 * lr / len(a) * a.T @ a
    theta = a.new_zeros(a.shape[1])
    for _ in range(steps):
        theta = step @ theta + 2 * lr / len(a) * (a.T @ y.detach().double())
    return theta[:-1].to(x.dtype), theta[-1].to(x.dtype)
