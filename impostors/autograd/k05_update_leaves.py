"""Wrong and right answers to autograd/k05_update_leaves."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "sgd_step_",
    diagnosis="`p = p - lr * g` gives a new tensor a local name; the parameter stays as it was.",
    aspect="values",
)
def rebinds_the_name(params, lr):
    for p in params:
        if p.grad is not None:
            grad, p.grad = p.grad, None
            p = p - lr * grad


@impostor(
    "sgd_step_",
    diagnosis="p moves along its gradient: a step goes against it.",
    aspect="values",
)
def goes_uphill(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p += lr * p.grad
                p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="`p.data = …` puts p into other memory: a view of it does not see the step.",
    aspect="memory",
)
def gives_other_memory(params, lr):
    for p in params:
        if p.grad is not None:
            p.data = p.data - lr * p.grad.detach()
            p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="Autograd refuses a write into a leaf that it would have to record.",
    aspect="type",
)
def writes_while_autograd_records(params, lr):
    for p in params:
        if p.grad is not None:
            p.sub_(lr * p.grad)
            p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="The gradient is zeroed in place: it is still there, and whoever holds it gets 0.",
    aspect="memory",
)
def zeroes_the_gradient(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.sub_(lr * p.grad)
                p.grad.detach().zero_()


@impostor(
    "sgd_step_",
    diagnosis="The gradient stays: the next backward adds to it.",
    aspect="values",
)
def leaves_the_gradient(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.sub_(lr * p.grad)


@impostor(
    "sgd_step_",
    diagnosis="A second loop over a generator finds nothing: its gradients stay.",
    aspect="memory",
)
def loops_twice(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.sub_(lr * p.grad)
        for p in params:
            p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="The loop ends at the first parameter without a gradient; those behind it stay.",
    aspect="values",
)
def stops_at_the_first_none(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is None:
                return
            p.sub_(lr * p.grad)
            p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="`if p.grad` asks for the one number of a tensor, and not whether it is None.",
    aspect="type",
)
def asks_for_its_truth(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad:
                p.sub_(lr * p.grad)
                p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="A parameter without a gradient is None: it can't be multiplied.",
    aspect="values",
)
def forgets_that_none_is_there(params, lr):
    with torch.no_grad():
        for p in params:
            p.sub_(lr * p.grad)
            p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="The gradient is multiplied by lr in place, though the caller may hold that tensor.",
    aspect="memory",
)
def scales_the_gradient(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                grad = p.grad.contiguous()
                p.sub_(grad.mul_(lr))
                p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="Frozen parameters are made to require grad.",
    aspect="gradient",
)
def unfreezes(params, lr):
    for p in params:
        if p.grad is not None:
            p.requires_grad_(False).sub_(lr * p.grad.detach())
            p.grad = None
            p.requires_grad_()


@impostor(
    "sgd_step_",
    diagnosis="A learning rate of 0 returns at once: gradients are taken away then too.",
    aspect="memory",
)
def does_nothing_for_zero(params, lr):
    if not lr:
        return
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.sub_(lr * p.grad)
                p.grad = None


@impostor(
    "sgd_step_",
    diagnosis="A flat view is written: where p is transposed, `reshape` makes a copy of it.",
    aspect="values",
)
def writes_into_a_copy(params, lr):
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.reshape(-1).sub_(lr * p.grad.reshape(-1))
                p.grad = None


@alternative("sgd_step_")
def by_data(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad.data
            p.grad = None


@alternative("sgd_step_")
def by_add_with_alpha(params, lr):
    @torch.no_grad()
    def move(p):
        p.add_(p.grad, alpha=-lr)
        p.grad = None

    for p in filter(lambda p: p.grad is not None, params):
        move(p)


@alternative("sgd_step_")
def by_torchs_optimizer(params, lr):
    params = list(params)
    if params:
        optimizer = torch.optim.SGD(params, lr=lr)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


@alternative("sgd_step_")
def all_at_once(params, lr):
    moving = [p for p in params if p.grad is not None]
    if moving:
        with torch.no_grad():
            torch._foreach_add_(moving, [p.grad for p in moving], alpha=-lr)
    for p in moving:
        p.grad = None


@alternative("sgd_step_")
def by_copy(params, lr):
    for p in params:
        if p.grad is not None:
            p.detach().copy_(p.detach() - p.grad.detach() * lr)
            del p.grad
