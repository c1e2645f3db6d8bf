"""Wrong and right answers to layers/k20_replace_modules."""

import contextlib

from torch import nn

from dojo.impostors import alternative, impostor


def places_of(module, kind, seen=None):
    """All places of a kind below a module, as parent, name and child."""
    seen = {module} if seen is None else seen
    for name, child in module._modules.items():
        if isinstance(child, kind):
            yield module, name, child
        elif child is not None and child not in seen:
            seen.add(child)
            yield from places_of(child, kind, seen)


def made_by(make, old):
    """What make returns, once it is a module."""
    new = make(old)
    if not isinstance(new, nn.Module):
        raise TypeError("make returned no module")
    return new


def replace(places, make, put=setattr):
    """Replace what stands in these places; the modes are set too."""
    places = list(places)
    made = {old: made_by(make, old) for old in dict.fromkeys(old for _, _, old in places)}
    for old, mode in [(old, old.training) for old in made]:
        made[old].train(mode)
    for parent, name, old in places:
        put(parent, name, made[old])
    return len(made)


@impostor(
    "replace_",
    diagnosis="Only the children of the module are looked at, and not what is below them.",
    aspect="values",
)
def looks_at_children_only(module, kind, make):
    return replace((one for one in places_of(module, kind) if one[0] is module), make)


@impostor(
    "replace_",
    diagnosis="`setattr(module, 'a.b', new)` gives the module itself a child of that name.",
    aspect="values",
)
def sets_dotted_names(module, kind, make):
    names = {}
    for path, parent in module.named_modules():
        for _, name, child in places_of(parent, kind):
            if parent._modules.get(name) is child:
                names[f"{path}.{name}" if path else name] = child
    return replace(
        [(module, name, old) for name, old in names.items()], make, nn.Module.__setattr__
    )


@impostor(
    "replace_",
    diagnosis="The second place of a module is forgotten: named_modules gives its first name only.",
    aspect="values",
)
def forgets_second_places(module, kind, make):
    first = {}
    for parent, name, old in places_of(module, kind):
        first.setdefault(old, (parent, name, old))
    return replace(first.values(), make)


@impostor(
    "replace_",
    diagnosis="make is called for each place: a module in two places gets two new ones.",
    aspect="values",
)
def calls_make_for_each_place(module, kind, make):
    places = list(places_of(module, kind))
    news = [made_by(make, old).train(old.training) for _, _, old in places]
    for (parent, name, _), new in zip(places, news, strict=True):
        setattr(parent, name, new)
    return len(news)


@impostor(
    "replace_",
    diagnosis="The places are counted: a module in two places counts once.",
    aspect="values",
)
def counts_places(module, kind, make):
    places = list(places_of(module, kind))
    replace(places, make)
    return len(places)


@impostor(
    "replace_",
    diagnosis="Nothing comes back; the number of replaced modules is to be returned.",
    aspect="type",
)
def returns_nothing(module, kind, make):
    replace(places_of(module, kind), make)


@impostor(
    "replace_",
    diagnosis="What is replaced is searched too: a module inside of an old one stays there.",
    aspect="values",
)
def searches_what_is_replaced(module, kind, make):
    places = []
    for parent in module.modules():
        places += [
            (parent, name, old) for name, old in parent._modules.items() if isinstance(old, kind)
        ]
    return replace(places, make)


@impostor(
    "replace_",
    diagnosis="What make returned is searched too, so that wrappers are wrapped again.",
    aspect="values",
)
def searches_its_own_wrappers(module, kind, make):
    count = replace(places_of(module, kind), make)
    return count + replace(places_of(module, kind), make)


@impostor(
    "replace_",
    diagnosis="After each replacement, the search goes on inside of the new module.",
    aspect="values",
)
def goes_on_in_the_new_module(module, kind, make):
    made = {}

    def search(parent):
        for name, child in list(parent._modules.items()):
            if isinstance(child, kind):
                if child not in made:
                    made[child] = made_by(make, child).train(child.training)
                setattr(parent, name, made[child])
            if child is not None:
                search(parent._modules[name])

    search(module)
    return len(made)


@impostor(
    "replace_",
    diagnosis="Kinds are compared with type(…): subclasses are left out.",
    aspect="values",
)
def forgets_subclasses(module, kind, make):
    def search(parent, seen):
        seen.add(parent)
        for name, child in parent._modules.items():
            if type(child) is kind:
                yield parent, name, child
            elif child is not None and child not in seen:
                yield from search(child, seen)

    return replace(search(module, set()), make)


@impostor(
    "replace_",
    diagnosis="If the module itself is of that kind, nothing below it is replaced.",
    aspect="values",
)
def stops_at_itself(module, kind, make):
    return 0 if isinstance(module, kind) else replace(places_of(module, kind), make)


@impostor(
    "replace_",
    diagnosis="The old child is deleted and the new one added: it stands last then.",
    aspect="values",
)
def moves_to_the_end(module, kind, make):
    def put(parent, name, new):
        del parent._modules[name]
        parent.add_module(name, new)

    return replace(places_of(module, kind), make, put)


@impostor(
    "replace_",
    diagnosis="The children are written anew without those that are None.",
    aspect="structure",
)
def drops_none(module, kind, make):
    count = replace(places_of(module, kind), make)
    for one in list(module.modules()):
        for name in [name for name, child in one._modules.items() if child is None]:
            del one._modules[name]
    return count


@impostor(
    "replace_",
    diagnosis="The new modules are in train mode, whatever the mode of the old ones was.",
    aspect="structure",
)
def leaves_the_mode(module, kind, make):
    places = list(places_of(module, kind))
    made = {old: made_by(make, old) for old in dict.fromkeys(old for _, _, old in places)}
    for parent, name, old in places:
        setattr(parent, name, made[old])
    return len(made)


@impostor(
    "replace_",
    diagnosis="`new.training = …` sets the mode of the new module alone, not of the modules in it.",
    aspect="structure",
)
def sets_one_mode(module, kind, make):
    places = list(places_of(module, kind))
    made = {old: made_by(make, old) for old in dict.fromkeys(old for _, _, old in places)}
    for parent, name, old in places:
        made[old].training = old.training
        setattr(parent, name, made[old])
    return len(made)


@impostor(
    "replace_",
    diagnosis="The mode of an old module is read after a new one, which holds it, has set it.",
    aspect="structure",
)
def reads_the_mode_late(module, kind, make):
    places = list(places_of(module, kind))
    made = {old: made_by(make, old) for old in dict.fromkeys(old for _, _, old in places)}
    for parent, name, old in places:
        setattr(parent, name, made[old].train(old.training))
    return len(made)


@impostor(
    "replace_",
    diagnosis="The mode of the whole network is set anew, also where nothing is replaced.",
    aspect="memory",
)
def sets_all_modes(module, kind, make):
    modes = {one: one.training for one in module.modules()}
    count = replace(places_of(module, kind), make)
    news = {one: one.training for one in module.modules() if one not in modes}
    inside = {below: one.training for one in news for below in one.modules()}
    module.train(module.training)
    for one, mode in inside.items():
        one.training = mode
    return count


@impostor(
    "replace_",
    diagnosis="Each new module is put in at once: an error of make leaves half of them replaced.",
    aspect="errors",
)
def replaces_one_by_one(module, kind, make):
    places, made = list(places_of(module, kind)), {}
    for parent, name, old in places:
        if old not in made:
            made[old] = made_by(make, old).train(old.training)
        setattr(parent, name, made[old])
    return len(made)


@impostor(
    "replace_",
    diagnosis="Modes are set before all is made: an error of make leaves some of them changed.",
    aspect="errors",
)
def sets_the_mode_too_early(module, kind, make):
    places, made = list(places_of(module, kind)), {}
    for _, _, old in places:
        if old not in made:
            made[old] = made_by(make, old).train(old.training)
    for parent, name, old in places:
        setattr(parent, name, made[old])
    return len(made)


@impostor(
    "replace_",
    diagnosis="What make returns is not looked at: None or a class gets into the network.",
    aspect="errors",
)
def takes_what_comes(module, kind, make):
    places = list(places_of(module, kind))
    made = {old: make(old) for old in dict.fromkeys(old for _, _, old in places)}
    for old, mode in [(old, old.training) for old in made]:
        if isinstance(made[old], nn.Module):
            made[old].train(mode)
    for parent, name, old in places:
        parent._modules[name] = made[old]
    return len(made)


@impostor(
    "replace_",
    diagnosis="An exception of make is caught, and the module is kept: it is to go on.",
    aspect="errors",
)
def catches_exceptions(module, kind, make):
    with contextlib.suppress(KeyError, RuntimeError):
        return replace(places_of(module, kind), make)
    return 0


@alternative("replace_")
def by_recursion(module, kind, make):
    made = {}

    def plan(parent):
        for name, child in parent._modules.items():
            if isinstance(child, kind):
                if id(child) not in made:
                    new = make(child)
                    if not isinstance(new, nn.Module):
                        raise TypeError(type(new).__name__)
                    made[id(child)] = (new, child.training)
                yield lambda parent=parent, name=name, child=child: parent.register_module(
                    name, made[id(child)][0]
                )
            elif child is not None:
                yield from plan(child)

    changes = list(plan(module))
    for new, mode in made.values():
        new.train(mode)
    for change in changes:
        change()
    return len(made)


@alternative("replace_")
def by_paths(module, kind, make):
    found = {}
    for path, one in module.named_modules(remove_duplicate=False):
        parts = path.split(".")
        above = {".".join(parts[:end]) for end in range(1, len(parts))}
        if path and isinstance(one, kind) and not above & found.keys():
            found[path] = one
    news, modes = {}, {}
    for old in found.values():
        if old not in news:
            news[old], modes[old] = make(old), old.training
            if not issubclass(type(news[old]), nn.Module):
                raise TypeError(f"{news[old]} is no module")
    parents = {path: module.get_submodule(path.rpartition(".")[0]) for path in found}
    for path, old in found.items():
        setattr(parents[path], path.rpartition(".")[2], news[old])
    for old, new in news.items():
        new.train(modes[old])
    return len(news)


@alternative("replace_")
def by_undoing(module, kind, make):
    parents, stack = [], [module]
    while stack:
        parent = stack.pop()
        if parent not in parents:
            parents.append(parent)
            stack += [one for one in parent.children() if not isinstance(one, kind)]
    news, undo = {}, []
    try:
        for parent in parents:
            for name, child in list(parent._modules.items()):
                if isinstance(child, kind):
                    if child not in news:
                        news[child] = make(child)
                        if not isinstance(news[child], nn.Module):
                            raise TypeError("no module")
                    undo.append((parent, name, child))
                    setattr(parent, name, news[child])
    except BaseException:
        for parent, name, child in undo:
            parent._modules[name] = child
        raise
    for new, mode in [(new, old.training) for old, new in news.items()]:
        new.train(mode)
    return len(news)
