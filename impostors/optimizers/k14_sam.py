"""Wrong and right answers to optimizers/k14_sam."""

import contextlib

import torch

from dojo.impostors import alternative, impostor


def parameters_of(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def norm_of(grads):
    return torch.cat([g.reshape(-1) for g in grads]).norm() + 1e-12


@torch.no_grad()
def write(parameters, values):
    for p, value in zip(parameters, values, strict=True):
        p.copy_(value)


def first_pass(optimizer, closure):
    """The loss, the parameters that have a gradient, copies of these, and their gradients."""
    optimizer.zero_grad()
    loss = closure()
    loss.backward()
    moving = [p for p in parameters_of(optimizer) if p.grad is not None]
    return loss.detach(), moving, [p.detach().clone() for p in moving], [p.grad for p in moving]


def second_pass(optimizer, closure, moving, old, moved, *, clears=True):
    """Take the gradient at the moved weights, and go back."""
    try:
        write(moving, moved)
        if clears:
            optimizer.zero_grad()
        loss = closure()
        loss.backward()
    finally:
        write(moving, old)
    return loss.detach()


def sam_by(optimizer, closure, move):
    """All is right but for the move, which is computed from the gradients."""
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, move(grads), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss


def right_move(grads, rho):
    return [rho * g / norm_of(grads) for g in grads]


@impostor(
    "sam_step",
    diagnosis=".grad is not cleared between the passes: the step uses the sum of both gradients.",
    aspect="values",
)
def adds_both_gradients(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved, clears=False)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis=".grad is not cleared before the first pass: an older gradient is part of the move.",
    aspect="values",
)
def adds_old_gradients(optimizer, closure, rho=0.05):
    loss = closure()
    loss.backward()
    moving = [p for p in parameters_of(optimizer) if p.grad is not None]
    old, grads = [p.detach().clone() for p in moving], [p.grad for p in moving]
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss.detach()


@impostor(
    "sam_step",
    diagnosis="Each parameter's gradient is divided by its own norm; one norm over all is meant.",
    aspect="values",
)
def takes_a_norm_per_parameter(optimizer, closure, rho=0.05):
    return sam_by(optimizer, closure, lambda grads: [rho * g / norm_of([g]) for g in grads])


@impostor(
    "sam_step",
    diagnosis="The gradients of each group are divided by the norm of that group alone.",
    aspect="values",
)
def takes_a_norm_per_group(optimizer, closure, rho=0.05):
    loss, moving, old, _ = first_pass(optimizer, closure)
    moved = []
    for group in optimizer.param_groups:
        there = [p for p in group["params"] if p.grad is not None]
        moved += [p.detach() + rho * p.grad / norm_of([q.grad for q in there]) for p in there]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="The move is rho * g: it is not divided by the norm.",
    aspect="values",
)
def divides_by_nothing(optimizer, closure, rho=0.05):
    return sam_by(optimizer, closure, lambda grads: [rho * g for g in grads])


@impostor(
    "sam_step",
    diagnosis="The weights move downhill, to where the loss is smaller.",
    aspect="values",
)
def moves_downhill(optimizer, closure, rho=0.05):
    return sam_by(optimizer, closure, lambda grads: right_move(grads, -rho))


@impostor(
    "sam_step",
    diagnosis="Nothing is added to a norm of 0 and nothing is asked: 0 / 0 is NaN.",
    aspect="values",
)
def divides_by_zero(optimizer, closure, rho=0.05):
    return sam_by(
        optimizer,
        closure,
        lambda grads: [rho * g / torch.cat([x.reshape(-1) for x in grads]).norm() for g in grads],
    )


@impostor(
    "sam_step",
    diagnosis="1e-6 is added to the norm, which is too much for small gradients.",
    aspect="values",
)
def adds_too_much(optimizer, closure, rho=0.05):
    return sam_by(
        optimizer, closure, lambda grads: [rho * g / (norm_of(grads) + 1e-6) for g in grads]
    )


@impostor(
    "sam_step",
    diagnosis="The move is subtracted again: what was rounded on the way does not come back.",
    aspect="values",
)
def subtracts_the_move(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moves = right_move(grads, rho)
    write(moving, [w + e for w, e in zip(old, moves, strict=True)])
    try:
        optimizer.zero_grad()
        closure().backward()
    finally:
        write(moving, [p.detach() - e for p, e in zip(moving, moves, strict=True)])
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="The step is made from the moved weights.",
    aspect="values",
)
def steps_from_the_moved_weights(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    write(moving, moved)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="w is written back after the step, which is lost by that.",
    aspect="values",
)
def loses_the_step(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    write(moving, old)
    return loss


@impostor(
    "sam_step",
    diagnosis="The step is made with the first gradient.",
    aspect="values",
)
def steps_by_the_first_gradient(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    for p, g in zip(moving, grads, strict=True):
        p.grad = g
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="optimizer.step() is called twice.",
    aspect="values",
)
def steps_twice(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="closure is handed to step(), which calls it once more.",
    aspect="values",
)
def hands_closure_to_step(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step(closure)
    return loss


@impostor(
    "sam_step",
    diagnosis="The loss of the second call is returned.",
    aspect="values",
)
def returns_the_second_loss(optimizer, closure, rho=0.05):
    _, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    loss = second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="The loss is returned with its graph.",
    aspect="values",
)
def returns_a_tracked_loss(optimizer, closure, rho=0.05):
    optimizer.zero_grad()
    loss = closure()
    loss.backward()
    moving = [p for p in parameters_of(optimizer) if p.grad is not None]
    old, grads = [p.detach().clone() for p in moving], [p.grad for p in moving]
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="Gradients are set to 0 in place of None: momentum and weight decay move parameters"
    " that the loss does not use.",
    aspect="values",
)
def fills_with_zeros(optimizer, closure, rho=0.05):
    for p in parameters_of(optimizer):
        p.grad = torch.zeros_like(p)
    loss = closure()
    loss.backward()
    moving = parameters_of(optimizer)
    old, grads = [p.detach().clone() for p in moving], [p.grad.clone() for p in moving]
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    try:
        write(moving, moved)
        optimizer.zero_grad(set_to_none=False)
        closure().backward()
    finally:
        write(moving, old)
    optimizer.step()
    return loss.detach()


@impostor(
    "sam_step",
    diagnosis="w is kept in optimizer.state, where Adam finds an entry and makes none of its own.",
    aspect="values",
)
def keeps_w_in_the_state(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    for p, w in zip(moving, old, strict=True):
        optimizer.state[p]["old_p"] = w
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="`p.data = copy` gives the parameter other memory, where no view of it looks.",
    aspect="memory",
)
def exchanges_the_memory(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    for p, w in zip(moving, old, strict=True):
        p.data = w
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="An error of closure leaves the weights where they were moved to.",
    aspect="errors",
)
def stays_moved_after_an_error(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    write(moving, [w + e for w, e in zip(old, right_move(grads, rho), strict=True)])
    optimizer.zero_grad()
    closure().backward()
    write(moving, old)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="`except Exception` does not see Ctrl-C, which leaves the weights moved.",
    aspect="errors",
)
def stays_moved_after_an_interrupt(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    write(moving, [w + e for w, e in zip(old, right_move(grads, rho), strict=True)])
    optimizer.zero_grad()
    try:
        closure().backward()
    except Exception:
        write(moving, old)
        raise
    write(moving, old)
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="w stood in optimizer.state for a while, and left an empty dict for each parameter.",
    aspect="values",
)
def leaves_empty_states(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    for p, w in zip(moving, old, strict=True):
        optimizer.state[p]["old_p"] = w
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    second_pass(optimizer, closure, moving, old, moved)
    for p in moving:
        optimizer.state[p].pop("old_p")
    optimizer.step()
    return loss


@impostor(
    "sam_step",
    diagnosis="The second pass is handed to step() as its closure; it belongs before the step.",
    aspect="values",
)
def makes_the_second_pass_inside_step(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]

    @torch.enable_grad()
    def second():
        return second_pass(optimizer, closure, moving, old, moved)

    optimizer.step(second)
    return loss


@impostor(
    "sam_step",
    diagnosis="The error of closure is caught and not raised again.",
    aspect="errors",
)
def swallows_the_error(optimizer, closure, rho=0.05):
    try:
        return sam_by(optimizer, closure, lambda grads: right_move(grads, rho))
    except ArithmeticError:
        return torch.tensor(float("nan"))


@impostor(
    "sam_step",
    diagnosis="The step is made in `finally`, also after an error of closure.",
    aspect="errors",
)
def steps_after_an_error(optimizer, closure, rho=0.05):
    loss, moving, old, grads = first_pass(optimizer, closure)
    moved = [w + e for w, e in zip(old, right_move(grads, rho), strict=True)]
    try:
        second_pass(optimizer, closure, moving, old, moved)
    finally:
        optimizer.step()
    return loss


@alternative("sam_step")
def by_autograd_grad(optimizer, closure, rho=0.05):
    parameters = [p for p in parameters_of(optimizer) if p.requires_grad]
    first = closure()
    grads = torch.autograd.grad(first, parameters, allow_unused=True)
    squares = sum(g.square().sum() for g in grads if g is not None)
    scale = torch.where(squares > 0, rho * squares.rsqrt(), 0)
    kept = {}
    try:
        with torch.no_grad():
            for p, g in zip(parameters, grads, strict=True):
                if g is not None:
                    kept[p] = p.clone()
                    p += scale * g
        grads = torch.autograd.grad(closure(), parameters, allow_unused=True)
    finally:
        for p, w in kept.items():
            p.data.copy_(w)
    for p in parameters_of(optimizer):
        p.grad = None
    for p, g in zip(parameters, grads, strict=True):
        p.grad = g
    optimizer.step()
    return first.detach()


@alternative("sam_step")
def by_lent_memory(optimizer, closure, rho=0.05):
    optimizer.zero_grad(set_to_none=True)
    value = closure()
    value.backward()
    moving = [p for p in parameters_of(optimizer) if p.grad is not None]
    norm = torch.nn.utils.get_total_norm([p.grad for p in moving])
    with contextlib.ExitStack() as back:
        for p in moving:
            back.callback(setattr, p, "data", p.data)
            p.data = p.data + p.grad * rho / norm if norm > 0 else p.data
        optimizer.zero_grad(set_to_none=True)
        closure().backward()
    optimizer.step()
    return value.detach().clone()


@alternative("sam_step")
def by_foreach(optimizer, closure, rho=0.05):
    for p in parameters_of(optimizer):
        p.grad = None
    loss = closure()
    loss.backward()
    moving = [p for p in parameters_of(optimizer) if p.grad is not None]
    data, grads = [p.data for p in moving], [p.grad for p in moving]
    old = torch._foreach_mul(data, 1)
    norm = torch.stack(torch._foreach_norm(grads)).norm()
    torch._foreach_add_(data, grads, alpha=(rho / (norm + 1e-12)).item())
    for p in moving:
        p.grad = None
    try:
        torch.autograd.backward([closure()])
    except BaseException:
        torch._foreach_copy_(data, old)
        raise
    torch._foreach_copy_(data, old)
    optimizer.step()
    return loss.data
