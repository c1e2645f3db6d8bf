"""Wrong and right answers to training/k02_evaluate."""

import contextlib
import math

import torch

from dojo.impostors import alternative, impostor


@contextlib.contextmanager
def in_eval(model):
    """All modules in eval mode for a while, and nothing tracked."""
    modes = [(one, one.training) for one in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for one, mode in modes:
            one.training = mode


def mean_of(losses, weights):
    if not weights:
        raise ValueError("no batch")
    return sum(one * n for one, n in zip(losses, weights, strict=True)) / sum(weights)


def results(model, loader, loss_fn):
    """Losses and numbers of samples of all batches."""
    losses, weights = [], []
    for x, y in loader:
        losses.append(loss_fn(model(x), y).item())
        weights.append(len(x))
    return losses, weights


@impostor(
    "evaluate",
    diagnosis="The mean of the batch means: a small batch counts as much as a large one.",
    aspect="values",
)
def averages_batch_means(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    return mean_of(losses, [1] * len(weights))


@impostor(
    "evaluate",
    diagnosis="The loss of the last batch alone comes back.",
    aspect="values",
)
def takes_the_last_batch(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    return mean_of(losses[-1:], weights[-1:])


@impostor(
    "evaluate",
    diagnosis="The sum over all samples is not divided by their number.",
    aspect="values",
)
def returns_the_sum(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    return mean_of(losses, weights) * sum(weights)


@impostor(
    "evaluate",
    diagnosis="`len(loader.dataset)` exists only for a DataLoader over all of its data.",
    aspect="type",
)
def counts_by_the_dataset(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    mean_of(losses, weights)
    return sum(one * n for one, n in zip(losses, weights, strict=True)) / len(loader.dataset)


@impostor(
    "evaluate",
    diagnosis="The loader is gone through twice, and a generator is empty then.",
    aspect="values",
)
def goes_through_twice(model, loader, loss_fn):
    count = sum(len(x) for x, _ in loader)
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    if not count:
        raise ValueError("no batch")
    return sum(one * n for one, n in zip(losses, weights, strict=True)) / count


@impostor(
    "evaluate",
    diagnosis="Samples are counted by len(y), which may differ from len(x).",
    aspect="values",
)
def counts_by_y(model, loader, loss_fn):
    losses, weights = [], []
    with in_eval(model):
        for x, y in loader:
            losses.append(loss_fn(model(x), y).item())
            weights.append(len(y))
    return mean_of(losses, weights)


@impostor(
    "evaluate",
    diagnosis="Samples are counted by the length of what the model returns.",
    aspect="values",
)
def counts_by_the_output(model, loader, loss_fn):
    losses, weights = [], []
    with in_eval(model):
        for x, y in loader:
            out = model(x)
            losses.append(loss_fn(out, y).item())
            weights.append(len(out))
    return mean_of(losses, weights)


@impostor(
    "evaluate",
    diagnosis="Losses are added up in a float32 tensor, which loses small ones beside a large one.",
    aspect="values",
)
def adds_up_in_float32(model, loader, loss_fn):
    total, count = torch.zeros(()), 0
    with in_eval(model):
        for x, y in loader:
            total += loss_fn(model(x), y).cpu() * len(x)
            count += len(x)
    if not count:
        raise ValueError("no batch")
    return total.item() / count


@impostor(
    "evaluate",
    diagnosis="The mean comes back as a tensor.",
    aspect="type",
)
def returns_a_tensor(model, loader, loss_fn):
    with in_eval(model):
        return torch.tensor(mean_of(*results(model, loader, loss_fn)), dtype=torch.float64)


@impostor(
    "evaluate",
    diagnosis="`torch.set_grad_enabled(False)` is never taken back: the next backward fails.",
    aspect="memory",
)
def switches_autograd_off(model, loader, loss_fn):
    with in_eval(model):
        mean = mean_of(*results(model, loader, loss_fn))
    torch.set_grad_enabled(False)
    return mean


@impostor(
    "evaluate",
    diagnosis="The gradients of the model are cleared, which training may need.",
    aspect="memory",
)
def clears_gradients(model, loader, loss_fn):
    model.zero_grad()
    with in_eval(model):
        return mean_of(*results(model, loader, loss_fn))


@impostor(
    "evaluate",
    diagnosis="Without `finally` an exception leaves the model in eval mode.",
    aspect="errors",
)
def forgets_finally(model, loader, loss_fn):
    modes = [(one, one.training) for one in model.modules()]
    model.eval()
    with torch.no_grad():
        losses, weights = results(model, loader, loss_fn)
    for one, mode in modes:
        one.training = mode
    return mean_of(losses, weights)


@impostor(
    "evaluate",
    diagnosis="`except Exception` misses KeyboardInterrupt: after Ctrl-C the model stays in eval"
    " mode.",
    aspect="errors",
)
def catches_exceptions_only(model, loader, loss_fn):
    modes = [(one, one.training) for one in model.modules()]

    def go_back():
        for one, mode in modes:
            one.training = mode

    model.eval()
    try:
        with torch.no_grad():
            mean = mean_of(*results(model, loader, loss_fn))
    except Exception:
        go_back()
        raise
    go_back()
    return mean


@impostor(
    "evaluate",
    diagnosis="Without a batch, 0 is divided by 0: ZeroDivisionError is no ValueError.",
    aspect="errors",
)
def divides_by_zero(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    return sum(one * n for one, n in zip(losses, weights, strict=True)) / sum(weights)


@impostor(
    "evaluate",
    diagnosis="Without a batch NaN comes back, which every comparison takes for no improvement.",
    aspect="errors",
)
def returns_nan_for_nothing(model, loader, loss_fn):
    with in_eval(model):
        losses, weights = results(model, loader, loss_fn)
    return mean_of(losses, weights) if weights else float("nan")


@impostor(
    "evaluate",
    diagnosis="`model.train()` at the end: what was in eval mode before is in train mode now.",
    aspect="structure",
)
def trains_afterwards(model, loader, loss_fn):
    try:
        with in_eval(model):
            return mean_of(*results(model, loader, loss_fn))
    finally:
        model.train()


@impostor(
    "evaluate",
    diagnosis="All modules get the mode of the model itself: a frozen BatchNorm wakes up.",
    aspect="structure",
)
def gives_all_the_roots_mode(model, loader, loss_fn):
    was_training = model.training
    try:
        with in_eval(model):
            return mean_of(*results(model, loader, loss_fn))
    finally:
        model.train(was_training)


@impostor(
    "evaluate",
    diagnosis="`one.train(mode)` sets all below too: a shared module gets the last parent's mode.",
    aspect="structure",
)
def restores_by_train(model, loader, loss_fn):
    modes = {one: one.training for one in model.modules()}
    try:
        with in_eval(model):
            return mean_of(*results(model, loader, loss_fn))
    finally:
        for one, mode in modes.items():
            one.train(mode)


@impostor(
    "evaluate",
    diagnosis="The model is evaluated in its own mode: dropout and BatchNorm work as in training.",
    aspect="structure",
)
def stays_in_train_mode(model, loader, loss_fn):
    with torch.no_grad():
        return mean_of(*results(model, loader, loss_fn))


@impostor(
    "evaluate",
    diagnosis="Eval mode does not stop autograd: a graph is recorded for each batch.",
    aspect="structure",
)
def lets_autograd_record(model, loader, loss_fn):
    with in_eval(model), torch.enable_grad():
        return mean_of(*results(model, loader, loss_fn))


@alternative("evaluate")
def in_inference_mode(model, loader, loss_fn):
    modes = {name: one.training for name, one in model.named_modules()}
    total, count = [], 0
    try:
        with torch.inference_mode():
            for x, y in loader:
                loss = loss_fn(model.eval()(x), y)
                total.append(float(loss) * x.size(0))
                count += x.size(0)
        if not total:
            raise ValueError("no batch")
        return math.fsum(total) / count
    finally:
        for name, mode in modes.items():
            model.get_submodule(name).training = mode


@alternative("evaluate")
def in_float64_tensors(model, loader, loss_fn):
    active = [one for one in model.modules() if one.training]
    total = torch.zeros((), dtype=torch.float64)
    count = 0
    with contextlib.ExitStack() as stack:
        for one in active:
            stack.callback(setattr, one, "training", True)
            one.training = False
        stack.enter_context(torch.no_grad())
        for x, y in list(loader):
            total += loss_fn(model(x), y).cpu().double() * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("no batch")
    return (total / count).item()


@alternative("evaluate")
def by_a_running_mean(model, loader, loss_fn):
    mean, count = None, 0
    batches = iter(loader)
    while True:
        with in_eval(model):
            pair = next(batches, None)
            if pair is None:
                break
            loss = loss_fn(model(pair[0]), pair[1]).item()
        count += len(pair[0])
        mean = loss if mean is None else mean + (loss - mean) * len(pair[0]) / count
    if mean is None:
        raise ValueError("no batch")
    return mean
