"""Wrong and right answers to training/k19_find_nan."""

import contextlib

import torch
from torch.utils._pytree import tree_leaves

from dojo.impostors import alternative, impostor


def every_number(x):
    return bool(torch.isfinite(x).all())


def is_finite(value, number=every_number, kinds=(tuple, list, dict)):
    """Whether all tensors in a nested value are finite."""
    if isinstance(value, torch.Tensor):
        return number(value)
    if not isinstance(value, kinds):
        return True
    items = value.values() if isinstance(value, dict) else value
    return all([is_finite(one, number, kinds) for one in items])


def blamed(model, x, is_finite=is_finite, spares=lambda *_: False, modules=None, call=None):
    """The modules to blame, in the order in which they returned."""
    found = []

    def hook(module, args, kwargs, output):
        if not is_finite(output) and not spares(module, args, kwargs, output):
            if is_finite(args) and is_finite(kwargs):
                found.append(module)

    with contextlib.ExitStack() as stack:
        for module in model.modules() if modules is None else modules:
            handle = module.register_forward_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        with torch.no_grad():
            (call or model)(x)
    return found


def first_name(model, found):
    names = {module: name for name, module in model.named_modules()}
    return names[found[0]] if found else None


@impostor(
    "first_nonfinite",
    diagnosis="Only outputs are looked at: a module that passes a NaN on is blamed for it.",
    aspect="values",
)
def ignores_inputs(model, x):
    def outputs_only(value):
        return (isinstance(value, tuple | dict) and value in seen) or is_finite(value)

    found, seen = [], []
    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in model.modules():

            def hook(module, args, output):
                if not is_finite(output):
                    found.append(module)

            stack.callback(module.register_forward_hook(hook).remove)
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="`isnan` misses inf and -inf, which are not finite either.",
    aspect="values",
)
def looks_for_nan_alone(model, x):
    def no_nan(value):
        return is_finite(value, lambda one: not one.isnan().any())

    return first_name(model, blamed(model, x, no_nan))


@impostor(
    "first_nonfinite",
    diagnosis="The sum is asked instead of each number: large numbers that are finite overflow.",
    aspect="values",
)
def asks_the_sum(model, x):
    def by_sum(value):
        return is_finite(value, lambda one: bool(torch.isfinite(one.sum())))

    return first_name(model, blamed(model, x, by_sum))


@impostor(
    "first_nonfinite",
    diagnosis="The largest size is asked, which an empty tensor does not have.",
    aspect="values",
)
def asks_the_largest(model, x):
    def by_max(value):
        return is_finite(value, lambda one: bool(torch.isfinite(one.abs().max())))

    return first_name(model, blamed(model, x, by_max))


@impostor(
    "first_nonfinite",
    diagnosis="Of all modules to blame the first in named_modules is taken: the container.",
    aspect="values",
)
def takes_the_first_in_named_modules(model, x):
    found = blamed(model, x)
    return next((name for name, one in model.named_modules() if one in found), None)


@impostor(
    "first_nonfinite",
    diagnosis="The module that returned last is named, the outermost one.",
    aspect="values",
)
def takes_the_last(model, x):
    return first_name(model, blamed(model, x)[::-1])


@impostor(
    "first_nonfinite",
    diagnosis="Only modules without children are looked at: operations in others go unseen.",
    aspect="values",
)
def looks_at_leaves_alone(model, x):
    leaves = [one for one in model.modules() if not list(one.children())]
    return first_name(model, blamed(model, x, modules=leaves))


@impostor(
    "first_nonfinite",
    diagnosis="Outputs that are no tensors are passed over: tuples, lists and dicts hold some.",
    aspect="values",
)
def passes_over_tuples(model, x):
    return first_name(model, blamed(model, x, spares=lambda *a: not isinstance(a[3], torch.Tensor)))


@impostor(
    "first_nonfinite",
    diagnosis="`isfinite` is given the output whatever it is, and takes tensors only.",
    aspect="values",
)
def crashes_on_tuples(model, x):
    found = []
    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in model.modules():

            def hook(module, args, kwargs, output):
                if not every_number(output) and is_finite(args) and is_finite(kwargs):
                    found.append(module)

            handle = module.register_forward_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="Tuples and lists are searched, and dicts are not.",
    aspect="values",
)
def passes_over_dicts(model, x):
    def without_dicts(value):
        return is_finite(value, kinds=(tuple, list))

    def spares(module, args, kwargs, output):
        return not is_finite(kwargs)

    return first_name(model, blamed(model, x, without_dicts, spares))


@impostor(
    "first_nonfinite",
    diagnosis="Only one level is searched: a tuple in a tuple is taken for finite.",
    aspect="values",
)
def searches_one_level(model, x):
    def flat(value):
        if isinstance(value, dict):
            value = list(value.values())
        items = value if isinstance(value, tuple | list) else [value]
        return all(every_number(one) for one in items if isinstance(one, torch.Tensor))

    return first_name(model, blamed(model, x, flat))


@impostor(
    "first_nonfinite",
    diagnosis="`type(value) is tuple` is False for a named tuple.",
    aspect="values",
)
def passes_over_named_tuples(model, x):
    def exact(value):
        if isinstance(value, torch.Tensor):
            return every_number(value)
        if type(value) is dict:
            value = list(value.values())
        return type(value) not in (tuple, list) or all(map(exact, value))

    return first_name(model, blamed(model, x, exact))


@impostor(
    "first_nonfinite",
    diagnosis="Keyword arguments are not looked at: a hook gets them only by `with_kwargs=True`.",
    aspect="values",
)
def ignores_keywords(model, x):
    found = []
    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in model.modules():

            def hook(module, args, output):
                if not is_finite(output) and is_finite(args):
                    found.append(module)

            stack.callback(module.register_forward_hook(hook).remove)
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="A module that is given no tensor at all is spared.",
    aspect="values",
)
def needs_a_tensor(model, x):
    def spares(module, args, kwargs, output):
        return not any(isinstance(one, torch.Tensor) for one in tree_leaves((args, kwargs)))

    return first_name(model, blamed(model, x, spares=spares))


@impostor(
    "first_nonfinite",
    diagnosis="Parameters count as given: a module whose weight is NaN is spared.",
    aspect="values",
)
def counts_parameters(model, x):
    def spares(module, args, kwargs, output):
        return not is_finite(list(module.parameters()))

    return first_name(model, blamed(model, x, spares=spares))


@impostor(
    "first_nonfinite",
    diagnosis="Only the first call of a module is looked at.",
    aspect="values",
)
def looks_at_first_calls(model, x):
    found, seen = [], set()
    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in model.modules():

            def hook(module, args, kwargs, output):
                if module not in seen and not is_finite(output) and is_finite((args, kwargs)):
                    found.append(module)
                seen.add(module)

            handle = module.register_forward_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="A module in several places gets its last name; the first one is asked for.",
    aspect="values",
)
def gives_the_last_name(model, x):
    found = blamed(model, x)
    names = {one: name for name, one in model.named_modules(remove_duplicate=False)}
    return names[found[0]] if found else None


@impostor(
    "first_nonfinite",
    diagnosis='`if name` takes the name of the model itself, "", for no name.',
    aspect="values",
)
def takes_the_root_for_none(model, x):
    return first_name(model, blamed(model, x)) or None


@impostor(
    "first_nonfinite",
    diagnosis="The module comes back, not its name.",
    aspect="type",
)
def returns_the_module(model, x):
    return next(iter(blamed(model, x)), None)


@impostor(
    "first_nonfinite",
    diagnosis="The name of the class comes back, not that of the module.",
    aspect="values",
)
def returns_the_class(model, x):
    return next((type(one).__name__ for one in blamed(model, x)), None)


@impostor(
    "first_nonfinite",
    diagnosis="The hooks are never removed: they run in each later call of the model.",
    aspect="memory",
)
def leaves_hooks(model, x):
    found = []

    def hook(module, args, kwargs, output):
        if not is_finite(output) and is_finite((args, kwargs)):
            found.append(module)

    for module in model.modules():
        module.register_forward_hook(hook, with_kwargs=True)
    with torch.no_grad():
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="All hooks are cleared in the end, those of others too.",
    aspect="memory",
)
def clears_all_hooks(model, x):
    found = blamed(model, x)
    for one in model.modules():
        one._forward_hooks.clear()
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="Without `finally` the hooks stay where the model raises.",
    aspect="errors",
)
def forgets_finally(model, x):
    found = []

    def hook(module, args, kwargs, output):
        if not is_finite(output) and is_finite((args, kwargs)):
            found.append(module)

    handles = [one.register_forward_hook(hook, with_kwargs=True) for one in model.modules()]
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="An exception of the model is caught, and what was found until then comes back.",
    aspect="errors",
)
def swallows_exceptions(model, x):
    def call(x):
        with contextlib.suppress(Exception):
            model(x)

    return first_name(model, blamed(model, x, call=call))


class Found(Exception):
    pass


@impostor(
    "first_nonfinite",
    diagnosis="The run is broken off at the first NaN; the model is to run to its end.",
    aspect="structure",
)
def breaks_off(model, x):
    found = []

    def spares(module, args, kwargs, output):
        if is_finite(args) and is_finite(kwargs):
            found.append(module)
            raise Found
        return False

    with contextlib.suppress(Found):
        blamed(model, x, spares=spares)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="`model.forward(x)` runs no hooks of the model itself.",
    aspect="values",
)
def calls_forward(model, x):
    return first_name(model, blamed(model, x, call=model.forward))


@impostor(
    "first_nonfinite",
    diagnosis="The model is run twice: BatchNorm counts both calls.",
    aspect="structure",
)
def runs_twice(model, x):
    blamed(model, x)
    return first_name(model, blamed(model, x))


@impostor(
    "first_nonfinite",
    diagnosis="The model is put into eval mode: what it does in train mode goes unseen.",
    aspect="structure",
)
def runs_in_eval_mode(model, x):
    modes = {one: one.training for one in model.modules()}
    model.eval()
    try:
        return first_name(model, blamed(model, x))
    finally:
        for one, mode in modes.items():
            one.training = mode


@impostor(
    "first_nonfinite",
    diagnosis="The hook repairs what it finds: the model goes on with other numbers.",
    aspect="structure",
)
def repairs_outputs(model, x):
    found = []

    def hook(module, args, kwargs, output):
        if not is_finite(output) and is_finite((args, kwargs)):
            found.append(module)
            return output.nan_to_num() if isinstance(output, torch.Tensor) else None

    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in model.modules():
            handle = module.register_forward_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        model(x)
    return first_name(model, found)


@impostor(
    "first_nonfinite",
    diagnosis="Autograd records a graph of the run, which nobody needs.",
    aspect="structure",
)
def lets_autograd_record(model, x):
    def call(x):
        with torch.enable_grad():
            model(x)

    return first_name(model, blamed(model, x, call=call))


@alternative("first_nonfinite")
def with_leaves_of_a_tree(model, x):
    names = {id(module): name for name, module in reversed(list(model.named_modules()))}
    result = [None]

    def all_finite(tree):
        tensors = [one for one in tree_leaves(tree) if torch.is_tensor(one)]
        return not any((one.isnan() | one.isinf()).any() for one in tensors)

    def hook(module, args, kwargs, output):
        if result[0] is None and all_finite([args, kwargs]) and not all_finite([output]):
            result[0] = names[id(module)]

    handles = [one.register_forward_hook(hook, with_kwargs=True) for one in model.modules()]
    try:
        with torch.inference_mode():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return result[0]


@alternative("first_nonfinite")
def with_forwards_replaced(model, x):
    blame = []

    def watched(name, forward):
        def run(*args, **kwargs):
            is_sound = is_finite([args, kwargs])
            out = forward(*args, **kwargs)
            if is_sound and not is_finite([out]):
                blame.append(name)
            return out

        return run

    modules = dict(model.named_modules())
    grad_mode = torch.is_grad_enabled()
    try:
        for name, module in modules.items():
            module.forward = watched(name, module.forward)
        torch.set_grad_enabled(False)
        model(x)
    finally:
        torch.set_grad_enabled(grad_mode)
        for module in modules.values():
            del module.forward
    return next(iter(blame), None)


@alternative("first_nonfinite")
@torch.no_grad()
def with_two_hooks(model, x):
    names, stack, calls = dict(model.named_modules()), [], []

    def search(value):
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, dict):
            yield from search(list(value.values()))
        elif isinstance(value, (list, tuple)):
            for one in value:
                yield from search(one)

    def number_of(value):
        return sum(int((~torch.isfinite(one)).sum()) for one in search(value))

    def before(module, args, kwargs):
        stack.append(number_of((args, kwargs)))

    def after(module, args, output):
        calls.append((module, stack.pop(), number_of(output)))

    handles = []
    try:
        for module in names.values():
            handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            handles.append(module.register_forward_hook(after))
        model(x)
    finally:
        while handles:
            handles.pop().remove()
    for module, given, made in calls:
        if made and not given:
            return next(name for name, one in names.items() if one is module)
    return None


@alternative("first_nonfinite")
def with_a_hook_on_all_modules(model, x):
    names = {module: name for name, module in model.named_modules()}
    found = []

    def hook(module, args, kwargs, output):
        if module in names and is_finite((args, kwargs)) and not is_finite(output):
            found.append(names[module])

    handle = torch.nn.modules.module.register_module_forward_hook(hook, with_kwargs=True)
    with contextlib.closing(contextlib.ExitStack()) as stack, torch.no_grad():
        stack.callback(handle.remove)
        model(x)
    return found[0] if found else None
