"""Wrong and right answers to training/k18_capture_activations."""

import contextlib

import torch

from dojo.impostors import alternative, impostor


def modules_of(model):
    return dict(model.named_modules(remove_duplicate=False))


def copied(output):
    return output.detach().clone()


def run(model, names, x, modules=modules_of, copy=copied, call=None, **options):
    """What most of the functions below share: they differ from it in one place."""
    known = modules(model)
    chosen = [(name, known[name]) for name in names]
    found, handles = {}, []
    try:
        for name, module in chosen:

            def hook(_module, _inputs, output, name=name):
                found[name] = copy(output)

            handles.append(module.register_forward_hook(hook, **options))
        (call or model)(x)
    finally:
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="`detach()` does not copy: an in-place operation behind changes what was captured.",
    aspect="values",
)
def detaches_alone(model, names, x):
    return run(model, names, x, copy=torch.Tensor.detach)


@impostor(
    "capture",
    diagnosis="The copies are made when the model has returned, after later in-place operations.",
    aspect="values",
)
def copies_at_the_end(model, names, x):
    return {name: copied(out) for name, out in run(model, names, x, copy=lambda out: out).items()}


@impostor(
    "capture",
    diagnosis="The hook returns the copy, and so puts it in the place of the output.",
    aspect="values",
)
def returns_the_copy(model, names, x):
    known = modules_of(model)
    chosen = [(name, known[name]) for name in names]
    found = {}
    with contextlib.ExitStack() as stack:
        for name, module in chosen:

            def hook(_module, _inputs, output, name=name):
                found[name] = copied(output)
                return found[name]

            stack.callback(module.register_forward_hook(hook).remove)
        model(x)
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="The hook reads the loop's variable when it runs: all outputs get the last name.",
    aspect="values",
)
def binds_late(model, names, x):
    known = modules_of(model)
    chosen = [known[name] for name in names]
    found = {}
    with contextlib.ExitStack() as stack:
        for place, module in enumerate(chosen):

            def hook(_module, _inputs, output):
                found[names[place]] = copied(output)

            stack.callback(module.register_forward_hook(hook).remove)
        model(x)
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="`named_modules()` alone has one name for a module that stands in two places.",
    aspect="values",
)
def knows_one_name(model, names, x):
    return run(model, names, x, modules=lambda one: dict(one.named_modules()))


@impostor(
    "capture",
    diagnosis="A dict from module to name has room for one name of a shared module only.",
    aspect="values",
)
def has_one_name_for_a_module(model, names, x):
    known = modules_of(model)
    name_of = {known[name]: name for name in names}
    return run(model, [name for name in names if name_of[known[name]] == name], x)


@impostor(
    "capture",
    diagnosis="The names come back in the order in which the modules returned.",
    aspect="values",
)
def keeps_the_order_of_calls(model, names, x):
    order = []
    names_of = modules_of(model)

    def note(name):
        return lambda *_: (order.append(name), None)[1]

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.callback(names_of[name].register_forward_hook(note(name)).remove)
        got = run(model, names, x)
    return {name: got[name] for name in dict.fromkeys(order)}


@impostor(
    "capture",
    diagnosis="The first output is kept where a module is called again; the last one is asked for.",
    aspect="values",
)
def keeps_the_first_call(model, names, x):
    known = modules_of(model)
    chosen = [(name, known[name]) for name in names]
    found = {}
    with contextlib.ExitStack() as stack:
        for name, module in chosen:

            def hook(_module, _inputs, out, name=name):
                found.setdefault(name, copied(out))

            stack.callback(module.register_forward_hook(hook).remove)
        model(x)
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="A module that is not called gets None; its name is to be left out.",
    aspect="values",
)
def gives_none_for_the_unused(model, names, x):
    got = run(model, names, x)
    return {name: got.get(name) for name in names}


@impostor(
    "capture",
    diagnosis="`prepend=True` runs the hook before those that may put another output in its place.",
    aspect="values",
)
def hooks_first(model, names, x):
    return run(model, names, x, prepend=True)


@impostor(
    "capture",
    diagnosis="All outputs are converted to float32.",
    aspect="dtype",
)
def converts_to_float(model, names, x):
    return run(model, names, x, copy=lambda out: out.detach().clone().float())


@impostor(
    "capture",
    diagnosis="All outputs are moved to the CPU; each stays on its own device.",
    aspect="device",
)
def moves_to_the_cpu(model, names, x):
    return run(model, names, x, copy=lambda out: out.detach().clone().cpu())


@impostor(
    "capture",
    diagnosis="`clone()` alone keeps the graph, and with it all memory of the forward.",
    aspect="memory",
)
def keeps_the_graph(model, names, x):
    return run(model, names, x, copy=torch.Tensor.clone)


@impostor(
    "capture",
    diagnosis="Under `inference_mode` the copies can never be used in training.",
    aspect="memory",
)
def runs_in_inference_mode(model, names, x):
    with torch.inference_mode():
        return run(model, names, x)


@impostor(
    "capture",
    diagnosis="The hooks are never removed: they run in each later call of the model.",
    aspect="memory",
)
def leaves_hooks(model, names, x):
    known = modules_of(model)
    chosen = [(name, known[name]) for name in names]
    found = {}
    for name, module in chosen:

        def hook(_module, _inputs, output, name=name):
            found[name] = copied(output)

        module.register_forward_hook(hook)
    try:
        model(x)
    except Exception:
        for _, module in chosen:
            module._forward_hooks.popitem()
        raise
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="`_forward_hooks.clear()` removes the hooks of others too.",
    aspect="memory",
)
def clears_all_hooks(model, names, x):
    got = run(model, names, x)
    for name in names:
        modules_of(model)[name]._forward_hooks.clear()
    return got


@impostor(
    "capture",
    diagnosis="Without `finally` the hooks stay where the model raises.",
    aspect="errors",
)
def forgets_finally(model, names, x):
    known = modules_of(model)
    chosen = [(name, known[name]) for name in names]
    found, handles = {}, []
    for name, module in chosen:

        def hook(_module, _inputs, output, name=name):
            found[name] = copied(output)

        handles.append(module.register_forward_hook(hook))
    model(x)
    for handle in handles:
        handle.remove()
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="Names are looked up while hooks are registered: an unknown one leaves hooks behind.",
    aspect="errors",
)
def looks_up_while_registering(model, names, x):
    known = modules_of(model)
    found, handles = {}, []
    for name in names:

        def hook(_module, _inputs, output, name=name):
            found[name] = copied(output)

        handles.append(known[name].register_forward_hook(hook))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in names if name in found}


@impostor(
    "capture",
    diagnosis="`get_submodule` raises AttributeError for an unknown name; KeyError is asked for.",
    aspect="errors",
)
def uses_get_submodule(model, names, x):
    return run(model, names, x, lambda one: {name: one.get_submodule(name) for name in names})


@impostor(
    "capture",
    diagnosis="An unknown name is passed over silently; KeyError is asked for.",
    aspect="errors",
)
def passes_over_unknown_names(model, names, x):
    return run(model, [name for name in names if name in modules_of(model)], x)


@impostor(
    "capture",
    diagnosis="An unknown name is noticed only once the model has run.",
    aspect="errors",
)
def notices_unknown_names_late(model, names, x):
    known = modules_of(model)
    got = run(model, [name for name in names if name in known], x)
    for name in names:
        known[name]
    return got


@impostor(
    "capture",
    diagnosis="An exception of the model is caught: what was captured until then comes back.",
    aspect="errors",
)
def swallows_exceptions(model, names, x):
    def call(x):
        with contextlib.suppress(Exception):
            model(x)

    return run(model, names, x, call=call)


@impostor(
    "capture",
    diagnosis="`model.forward(x)` runs no hooks of the model itself.",
    aspect="values",
)
def calls_forward(model, names, x):
    return run(model, names, x, call=model.forward)


@impostor(
    "capture",
    diagnosis="The model is run once for each name; dropout and BatchNorm see several calls.",
    aspect="structure",
)
def runs_for_each_name(model, names, x):
    known = modules_of(model)
    for name in names:
        known[name]
    if not names:
        model(x)
    return {name: out for one in names for name, out in run(model, [one], x).items()}


@impostor(
    "capture",
    diagnosis="The model is put into eval mode; it runs in the mode in which it is.",
    aspect="structure",
)
def runs_in_eval_mode(model, names, x):
    modes = {one: one.training for one in model.modules()}
    model.eval()
    try:
        return run(model, names, x)
    finally:
        for one, mode in modes.items():
            one.training = mode


@impostor(
    "capture",
    diagnosis="The model is not run where no name is given.",
    aspect="structure",
)
def does_not_run_for_nothing(model, names, x):
    return run(model, names, x) if names else {}


@alternative("capture")
def with_one_hook_for_all(model, names, x):
    names_of = {}
    known = modules_of(model)
    for name in names:
        names_of.setdefault(known[name], []).append(name)
    outputs = {}

    @torch.no_grad()
    def hook(module, _inputs, output):
        outputs[module] = output.clone()

    handles = [module.register_forward_hook(hook) for module in names_of]
    try:
        with torch.no_grad():
            model(x)
    finally:
        [handle.remove() for handle in handles]
    return {name: outputs[known[name]] for name in names if known[name] in outputs}


class Recorder:
    def __init__(self, module):
        self.handle = module.register_forward_hook(self)
        self.copies = []

    def __call__(self, module, inputs, output):
        self.copies = [torch.empty_like(output).copy_(output.detach())]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.remove()


@alternative("capture")
def with_recorders(model, names, x):
    places = {"": model}
    for name in names:
        parent, parts = model, name.split(".") if name else []
        for part in parts:
            parent = parent._modules[part]
            if parent is None:
                raise KeyError(name)
        places[name] = parent
    with contextlib.ExitStack() as stack:
        recorders = {name: stack.enter_context(Recorder(places[name])) for name in names}
        model(x)
    return {name: copy for name, one in recorders.items() for copy in one.copies}


@alternative("capture")
def with_classes_changed(model, names, x):
    modules = [modules_of(model)[name] for name in names]
    kinds = {id(one): type(one) for one in modules}
    outputs = {}
    try:
        for one in modules:
            if type(one) is kinds[id(one)]:

                class Watched(type(one)):
                    def __call__(self, *args, **kwargs):
                        out = super().__call__(*args, **kwargs)
                        outputs[id(self)] = torch.clone(out.detach())
                        return out

                one.__class__ = Watched
        model(x)
    finally:
        for one in modules:
            one.__class__ = kinds[id(one)]
    both = zip(names, modules, strict=True)
    return {name: outputs[id(one)].clone() for name, one in both if id(one) in outputs}
