"""Wrong and right answers to optimizers/k12_newton_schulz."""

import torch

from dojo.impostors import alternative, impostor

MUONS = 3.4445, -4.7750, 2.0315


def norms(g):
    """The norm of each matrix; 1 for one of zeros."""
    norm = torch.linalg.vector_norm(g, dim=(-2, -1), keepdim=True)
    return torch.where(norm > 0, norm, 1)


def iterated(x, steps, coefficients=MUONS):
    """The steps, by way of the shorter side."""
    a, b, c = coefficients
    is_tall = x.shape[-2] > x.shape[-1]
    x = x.mT if is_tall else x
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if is_tall else x


@impostor(
    "orthogonalize",
    diagnosis="Tall matrices are not transposed, so that A has as many rows and columns as g has"
    " rows.",
    aspect="memory",
)
def never_transposes(g, steps=5):
    a, b, c = MUONS
    x = g / norms(g)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@impostor(
    "orthogonalize",
    diagnosis="Wide matrices are transposed, and not tall ones: A has the size of the longer side.",
    aspect="memory",
)
def transposes_wide_ones(g, steps=5):
    a, b, c = MUONS
    x = g / norms(g)
    for _ in range(steps):
        if g.shape[-2] > g.shape[-1]:
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
        else:
            gram = x.mT @ x
            x = a * x + x @ (b * gram + c * gram @ gram)
    return x


@impostor(
    "orthogonalize",
    diagnosis="A tall matrix is transposed first, and its result is not turned back.",
    aspect="shape",
)
def stays_transposed(g, steps=5):
    x = g / norms(g)
    return iterated(x.mT if x.shape[-2] > x.shape[-1] else x, steps)


@impostor(
    "orthogonalize",
    diagnosis="A tall matrix is turned by reshape: that keeps the order of the numbers.",
    aspect="values",
)
def turns_by_reshape(g, steps=5):
    x = g / norms(g)
    if g.shape[-2] <= g.shape[-1]:
        return iterated(x, steps)
    return iterated(x.reshape(*g.shape[:-2], *g.shape[:-3:-1]), steps).reshape(g.shape)


@impostor(
    "orthogonalize",
    diagnosis="One norm is taken of the whole batch; each matrix has its own.",
    aspect="values",
)
def takes_one_norm(g, steps=5):
    norm = g.norm()
    return iterated(g / torch.where(norm > 0, norm, 1), steps)


@impostor(
    "orthogonalize",
    diagnosis="1e-7 is added to the norm: a matrix with a norm of 1e-9 shrinks to a hundredth.",
    aspect="values",
)
def adds_to_the_norm(g, steps=5):
    return iterated(g / (g.norm(dim=(-2, -1), keepdim=True) + 1e-7), steps)


@impostor(
    "orthogonalize",
    diagnosis="The norm is not let below 1e-7, so that smaller matrices shrink.",
    aspect="values",
)
def clamps_the_norm(g, steps=5):
    return iterated(g / g.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7), steps)


@impostor(
    "orthogonalize",
    diagnosis="A matrix of zeros is divided by its norm, 0, and becomes NaN.",
    aspect="values",
)
def divides_zeros(g, steps=5):
    return iterated(g / torch.linalg.matrix_norm(g, keepdim=True), steps)


@impostor(
    "orthogonalize",
    diagnosis="It computes in bfloat16, as Muon does on a GPU; g's own dtype is asked for.",
    aspect="values",
)
def computes_in_bfloat16(g, steps=5):
    return iterated((g / norms(g)).bfloat16(), steps).to(g.dtype)


@impostor(
    "orthogonalize",
    diagnosis="float64 is computed in float32, and loses half of its digits.",
    aspect="values",
)
def computes_in_float32(g, steps=5):
    return iterated((g / norms(g)).float(), steps).to(g.dtype)


@alternative("orthogonalize")
def in_float64(g, steps=5):
    return iterated(g.double() / norms(g.double()), steps).to(g.dtype)


@impostor(
    "orthogonalize",
    diagnosis="b and c have changed places: b belongs to A, c to A @ A.",
    aspect="values",
)
def swaps_the_coefficients(g, steps=5):
    return iterated(g / norms(g), steps, (3.4445, 2.0315, -4.7750))


@impostor(
    "orthogonalize",
    diagnosis="These are the numbers 1.5 and -0.5 of the iteration that converges slowly.",
    aspect="values",
)
def takes_the_cubic_iteration(g, steps=5):
    return iterated(g / norms(g), steps, (1.5, -0.5, 0.0))


@impostor(
    "orthogonalize",
    diagnosis="It gives the exact U @ V.mT, which the iteration does not reach.",
    aspect="values",
)
def is_exact(g, steps=5):
    if steps == 0:
        return g / norms(g)
    left, values, right = torch.linalg.svd(g, full_matrices=False)
    return (left * (values > 1e-6 * values[..., :1]).unsqueeze(-2)) @ right


@impostor(
    "orthogonalize",
    diagnosis="It divides by the largest singular value; the norm is that of Frobenius.",
    aspect="values",
)
def takes_the_spectral_norm(g, steps=5):
    norm = torch.linalg.matrix_norm(g, 2, keepdim=True)
    return iterated(g / torch.where(norm > 0, norm, 1), steps)


@impostor(
    "orthogonalize",
    diagnosis="A is computed once, before the steps; each step has an A of its own.",
    aspect="values",
)
def computes_the_gram_matrix_once(g, steps=5):
    a, b, c = MUONS
    is_tall = g.shape[-2] > g.shape[-1]
    x = (g.mT if is_tall else g) / norms(g)
    gram = x @ x.mT
    for _ in range(steps):
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if is_tall else x


@impostor(
    "orthogonalize",
    diagnosis="A is squared entry by entry; A @ A is a product of matrices.",
    aspect="values",
)
def squares_entry_by_entry(g, steps=5):
    a, b, c = MUONS
    is_tall = g.shape[-2] > g.shape[-1]
    x = (g.mT if is_tall else g) / norms(g)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram**2) @ x
    return x.mT if is_tall else x


@impostor(
    "orthogonalize",
    diagnosis="Five steps are done, whatever `steps` says.",
    aspect="values",
)
def does_five_steps(g, steps=5):
    return iterated(g / norms(g), 5)


@impostor(
    "orthogonalize",
    diagnosis="It is scaled by the root of rows over columns, which belongs to the optimizer.",
    aspect="values",
)
def scales_by_the_shape(g, steps=5):
    return iterated(g / norms(g), steps) * max(1, g.shape[-2] / g.shape[-1]) ** 0.5


@alternative("orthogonalize")
def by_singular_values(g, steps=5):
    left, values, right = torch.linalg.svd(g / norms(g), full_matrices=False)
    for _ in range(steps):
        values = values * (3.4445 + values**2 * (-4.7750 + values**2 * 2.0315))
    return (left * values.unsqueeze(-2)) @ right


@alternative("orthogonalize")
def by_gram_matrices_alone(g, steps=5):
    a, b, c = MUONS
    is_tall = g.shape[-2] > g.shape[-1]
    x = (g.mT if is_tall else g) / g.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-30)
    unit = torch.eye(x.shape[-2], dtype=g.dtype, device=g.device)
    gram, total = x @ x.mT, unit
    for _ in range(steps):
        factor = a * unit + b * gram + c * gram @ gram
        gram, total = factor @ gram @ factor, factor @ total
    x = total @ x
    return x.mT if is_tall else x


@alternative("orthogonalize")
def matrix_by_matrix(g, steps=5):
    result = torch.empty_like(g)
    matrices, results = g.reshape(-1, *g.shape[-2:]), result.view(-1, *g.shape[-2:])
    for x, place in zip(matrices, results, strict=True):
        if not x.any():
            place.zero_()
            continue
        is_tall = len(x) > len(x.T)
        x = (x.T if is_tall else x) / torch.sqrt((x * x).sum())
        for _ in range(steps):
            gram = torch.mm(x, x.T)
            mixed = torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
            x = torch.addmm(x, mixed, x, beta=3.4445)
        place.copy_(x.T if is_tall else x)
    return result


@alternative("orthogonalize")
def from_the_right(g, steps=5):
    a, b, c = MUONS
    x = torch.nn.functional.normalize(g.flatten(-2), dim=-1, eps=1e-30).view(g.shape)
    for _ in range(steps):
        if g.shape[-2] > g.shape[-1]:
            gram = torch.einsum("...mi,...mj->...ij", x, x)
            x = a * x + x @ (b * gram + c * gram.matmul(gram))
        else:
            gram = torch.einsum("...in,...jn->...ij", x, x)
            x = a * x + (b * gram + c * gram.matmul(gram)) @ x
    return x
