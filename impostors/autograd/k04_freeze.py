"""Wrong and right answers to autograd/k04_freeze."""

import fnmatch
import itertools
import re

from dojo.impostors import alternative, impostor


def fits(name, prefix):
    """Whether a prefix fits a name."""
    return prefix in ("", name) or name.startswith(prefix + ".")


def fitting(parameters, prefixes, compare=fits):
    """The names that fit, once each prefix fits one."""
    for prefix in prefixes:
        if not any(compare(name, prefix) for name in parameters):
            raise ValueError(f"nothing is called {prefix}")
    return [name for name in parameters if any(compare(name, prefix) for prefix in prefixes)]


def freeze(parameters):
    """Freeze all of them."""
    for p in parameters:
        p.requires_grad_(False)
        p.grad = None


@impostor(
    "freeze_",
    diagnosis='"layer10.weight" begins with "layer1" too: what follows the prefix must be a dot.',
    aspect="values",
)
def compares_beginnings(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes, str.startswith)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="`in` finds the prefix in the middle of a name too.",
    aspect="values",
)
def looks_anywhere_in_the_name(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes, str.__contains__)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="The dot is always asked for: a prefix that is the whole name fits nothing here.",
    aspect="values",
)
def wants_a_dot(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))

    def compare(name, prefix):
        return not prefix or name.startswith(prefix + ".")

    names = fitting(parameters, prefixes, compare)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis='"" is treated like a name here; it fits every parameter.',
    aspect="values",
)
def knows_no_empty_prefix(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))

    def compare(name, prefix):
        return f"{name}.".startswith(f"{prefix}.")

    names = fitting(parameters, prefixes, compare)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="A prefix may stand in the middle of a name here: it belongs at the beginning.",
    aspect="values",
)
def looks_at_all_parts(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))

    def compare(name, prefix):
        return not prefix or f".{prefix}." in f".{name}."

    names = fitting(parameters, prefixes, compare)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="A tied parameter is found by its first name alone.",
    aspect="values",
)
def knows_first_names_only(module, prefixes):
    parameters = dict(module.named_parameters())
    names = fitting(parameters, prefixes)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="All names of a tied parameter are returned: only those that fit belong there.",
    aspect="values",
)
def returns_all_names_of_what_it_froze(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    frozen = [parameters[name] for name in fitting(parameters, prefixes)]
    freeze(frozen)
    return [name for name, p in parameters.items() if any(p is one for one in frozen)]


@impostor(
    "freeze_",
    diagnosis="The names come back in the order of the prefixes, and twice where two of them fit.",
    aspect="values",
)
def goes_through_the_prefixes(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = [fitting(parameters, [prefix]) for prefix in prefixes]
    names = list(itertools.chain.from_iterable(names))
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="Names of parameters that were frozen before are left out.",
    aspect="values",
)
def returns_what_is_newly_frozen(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    new = [name for name in names if parameters[name].requires_grad]
    freeze(parameters[name] for name in names)
    return new


@impostor(
    "freeze_",
    diagnosis="The old .grad is left, so that an optimizer goes on moving the parameter.",
    aspect="gradient",
)
def leaves_grad(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    for name in names:
        parameters[name].requires_grad_(False)
    return names


@impostor(
    "freeze_",
    diagnosis="The .grad is set to zeros: an optimizer with momentum still moves the parameter.",
    aspect="gradient",
)
def zeroes_grad(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    for name in names:
        parameters[name].requires_grad_(False)
        if parameters[name].grad is not None:
            parameters[name].grad.zero_()
    return names


@impostor(
    "freeze_",
    diagnosis="zero_grad takes every .grad away: parameters that do not fit keep theirs.",
    aspect="memory",
)
def takes_all_grads_away(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    freeze(parameters[name] for name in names)
    module.zero_grad()
    return names


@impostor(
    "freeze_",
    diagnosis="What does not fit is made trainable: what was frozen before stays frozen.",
    aspect="memory",
)
def unfreezes_the_rest(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    for p in parameters.values():
        p.requires_grad_(True)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="The frozen layers go to eval mode: that is another matter than freezing.",
    aspect="memory",
)
def goes_to_eval(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = fitting(parameters, prefixes)
    freeze(parameters[name] for name in names)
    for name, one in module.named_modules():
        if any(fits(name, prefix) for prefix in prefixes):
            one.eval()
    return names


@impostor(
    "freeze_",
    diagnosis="It stops at a wrong prefix after it has frozen what the ones before it fit.",
    aspect="errors",
)
def stops_midway(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    found = set()
    for prefix in prefixes:
        names = fitting(parameters, [prefix])
        freeze(parameters[name] for name in names)
        found.update(names)
    return [name for name in parameters if name in found]


@impostor(
    "freeze_",
    diagnosis="A prefix that fits nothing is passed over: it raises ValueError.",
    aspect="errors",
)
def passes_over_wrong_prefixes(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = [name for name in parameters if any(fits(name, prefix) for prefix in prefixes)]
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="Only that nothing fits at all is noticed: each prefix by itself must fit a name.",
    aspect="errors",
)
def raises_if_nothing_fits(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    names = [name for name in parameters if any(fits(name, prefix) for prefix in prefixes)]
    if prefixes and not names:
        raise ValueError("no parameter fits")
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="A prefix is taken for a pattern with stars: it is plain text.",
    aspect="errors",
)
def takes_stars(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))

    def compare(name, prefix):
        return not prefix or fnmatch.fnmatch(f"{name}.", f"{prefix}.*")

    names = fitting(parameters, prefixes, compare)
    freeze(parameters[name] for name in names)
    return names


@impostor(
    "freeze_",
    diagnosis="A prefix is taken for a regular expression, in which a dot stands for any letter.",
    aspect="errors",
)
def takes_dots_for_any_letter(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))

    def compare(name, prefix):
        return not prefix or re.fullmatch(rf"{prefix}(\..*)?", name)

    names = fitting(parameters, prefixes, compare)
    freeze(parameters[name] for name in names)
    return names


@alternative("freeze_")
def by_parts_of_names(module, prefixes):
    wanted = [tuple(prefix.split(".")) if prefix else () for prefix in prefixes]
    hits, chosen = set(), {}
    for name, p in module.named_parameters(remove_duplicate=False):
        parts = tuple(name.split("."))
        beginnings = {parts[:end] for end in range(len(parts) + 1)}
        if found := beginnings.intersection(wanted):
            hits |= found
            chosen[name] = p
    if hits != set(wanted):
        raise ValueError(f"these prefixes fit nothing: {set(wanted) - hits}")
    for p in chosen.values():
        p.requires_grad, p.grad = False, None
    return list(chosen)


@alternative("freeze_")
def by_a_pattern(module, prefixes):
    parameters = dict(module.named_parameters(remove_duplicate=False))
    patterns = [re.compile(rf"{re.escape(one)}(\..*)?" if one else ".*") for one in prefixes]
    if not all(any(map(pattern.fullmatch, parameters)) for pattern in patterns):
        raise ValueError("a prefix fits nothing")
    names = [one for one in parameters if any(pattern.fullmatch(one) for pattern in patterns)]
    for name in names:
        parameters[name].requires_grad = False
        del parameters[name].grad
    return names


@alternative("freeze_")
def by_modules(module, prefixes):
    names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    modules = dict(module.named_modules(remove_duplicate=False))
    chosen = set()
    for prefix in dict.fromkeys(prefixes):
        path, _, last = prefix.rpartition(".")
        if prefix in modules:
            below = modules[prefix].named_parameters(prefix, remove_duplicate=False)
            found = [name for name, _ in below]
        else:
            own = modules[path]._parameters if path in modules else {}
            found = [prefix] if own.get(last) is not None else []
        if not found:
            raise ValueError(f"no parameter at {prefix}")
        chosen.update(found)
    for name in chosen:
        p = module.get_parameter(name)
        p.requires_grad_(False)
        p.grad = None
    return [name for name in names if name in chosen]
