"""Wrong and right answers to training/k01_train_step."""

import torch

from dojo.impostors import alternative, impostor


def parameters_of(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


@impostor(
    "train_step",
    diagnosis="Old gradients are never cleared: each backward adds to those of earlier batches.",
    aspect="values",
)
def never_clears(model, optimizer, loss_fn, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="The step has no gradient of this batch: it was cleared, or comes after the step.",
    aspect="values",
)
def clears_before_the_step(model, optimizer, loss_fn, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="Gradients are cleared after the step: those from before this call still count.",
    aspect="values",
)
def clears_at_the_end(model, optimizer, loss_fn, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="`model.zero_grad()` misses parameters that the loss alone holds.",
    aspect="values",
)
def clears_those_of_the_model(model, optimizer, loss_fn, x, y):
    model.train()
    model.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="Old gradients are multiplied by 0, which leaves NaN as it is.",
    aspect="values",
)
def multiplies_by_zero(model, optimizer, loss_fn, x, y):
    model.train()
    for p in parameters_of(optimizer):
        if p.grad is not None:
            p.grad.mul_(0)
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="Only the first group of the optimizer is cleared.",
    aspect="values",
)
def clears_the_first_group(model, optimizer, loss_fn, x, y):
    model.train()
    for p in optimizer.param_groups[0]["params"]:
        p.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="The loss comes back as a tensor with its graph, which stays in memory.",
    aspect="type",
)
def returns_the_loss_itself(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


@impostor(
    "train_step",
    diagnosis="The loss is computed once more after the step, and that one comes back.",
    aspect="values",
)
def returns_the_loss_afterwards(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        return loss_fn(model(x), y).item()


@impostor(
    "train_step",
    diagnosis="The loss times the number of samples comes back, as if for a sum over an epoch.",
    aspect="values",
)
def returns_a_sum(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item() * len(x)


@impostor(
    "train_step",
    diagnosis="loss_fn gets y first and the prediction second.",
    aspect="values",
)
def swaps_the_arguments(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(y, model(x))
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="Gradients are clipped, which is not asked for here.",
    aspect="values",
)
def clips(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters_of(optimizer), 0.5)
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="The model is left in the mode that it had, such as eval after an evaluation.",
    aspect="structure",
)
def leaves_the_mode(model, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="`train()` is called only if the model itself is in eval mode: parts may be alone.",
    aspect="structure",
)
def asks_the_root_for_its_mode(model, optimizer, loss_fn, x, y):
    if not model.training:
        model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@impostor(
    "train_step",
    diagnosis="The model goes back to eval mode after the step.",
    aspect="structure",
)
def goes_back_to_eval(model, optimizer, loss_fn, x, y):
    was_training = model.training
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    model.train(was_training)
    return loss.item()


@impostor(
    "train_step",
    diagnosis="`model.forward(x)` leaves out the hooks of the model.",
    aspect="structure",
)
def calls_forward(model, optimizer, loss_fn, x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@alternative("train_step")
def clears_late(model, optimizer, loss_fn, x, y):
    model.train(True)
    loss = loss_fn(model(x), y)
    number = float(loss)
    optimizer.zero_grad(set_to_none=False)
    torch.autograd.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    return number


@alternative("train_step")
def with_a_closure(model, optimizer, loss_fn, x, y):
    for module in model.modules():
        module.training = True

    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@alternative("train_step")
def by_autograd_grad(model, optimizer, loss_fn, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    parameters = parameters_of(optimizer)
    for p, grad in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = grad
    optimizer.step()
    return loss.detach().cpu().tolist()
