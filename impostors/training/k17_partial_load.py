"""Wrong and right answers to training/k17_partial_load."""

import operator

import torch

from dojo.impostors import alternative, impostor


def keys_by_name(state, rename):
    """New name → key; two keys with one name are refused."""
    keys = {rename(key) if rename else key: key for key in state}
    if len(keys) != len(state):
        raise ValueError("two keys become one name")
    return keys


def is_equal_shape(name, value, own):
    return value.shape == own.shape


def write(own, value):
    own.copy_(value)


def load(model, state, rename, fits=is_equal_shape, copy=write, names=None, keys=None):
    """What most of the functions below share: they differ from it in one place."""
    keys = keys_by_name(state, rename) if keys is None else keys
    names = dict(model.state_dict()) if names is None else names
    report = {"loaded": [], "mismatched": [], "missing": [], "unexpected": []}
    with torch.no_grad():
        for name, own in names.items():
            kind = "missing"
            if name in keys:
                value = state[keys[name]]
                kind = "loaded" if fits(name, value, own) else "mismatched"
                if kind == "loaded":
                    copy(own, value)
            report[kind].append(name)
    report["unexpected"] = [key for name, key in keys.items() if name not in names]
    return report


@impostor(
    "load_matching_",
    diagnosis="`strict=False` forgives missing and unexpected keys; a wrong shape still raises.",
    aspect="values",
)
def relies_on_strict_false(model, state, rename=None):
    keys = keys_by_name(state, rename)
    named = {name: state[key] for name, key in keys.items()}
    missing, unexpected = model.load_state_dict(named, strict=False)
    return {
        "loaded": [name for name in model.state_dict() if name in named],
        "mismatched": [],
        "missing": missing,
        "unexpected": [keys[name] for name in unexpected],
    }


@impostor(
    "load_matching_",
    diagnosis="`copy_` is tried, and takes every shape that can be broadcast to the model's.",
    aspect="values",
)
def tries_copy(model, state, rename=None):
    def fits(name, value, own):
        try:
            own.copy_(value)
        except RuntimeError:
            return False
        return True

    return load(model, state, rename, fits)


@impostor(
    "load_matching_",
    diagnosis="Only the number of elements is compared: a transposed weight is taken for the same.",
    aspect="values",
)
def compares_numel(model, state, rename=None):
    def fits(name, value, own):
        return value.numel() == own.numel()

    def copy(own, value):
        own.copy_(value.reshape(own.shape))

    return load(model, state, rename, fits, copy)


@impostor(
    "load_matching_",
    diagnosis="Each value is given to `load_state_dict` alone, which takes (1,) for a 0-d tensor.",
    aspect="values",
)
def tries_load_state_dict(model, state, rename=None):
    def fits(name, value, own):
        try:
            model.load_state_dict({name: value}, strict=False)
        except RuntimeError:
            return False
        return True

    return load(model, state, rename, fits, lambda *_: None)


@impostor(
    "load_matching_",
    diagnosis="Only parameters are gone through: running means and other buffers are forgotten.",
    aspect="values",
)
def forgets_buffers(model, state, rename=None):
    return load(model, state, rename, names=dict(model.named_parameters()))


@impostor(
    "load_matching_",
    diagnosis="Buffers with persistent=False are loaded too, which are not in the state_dict.",
    aspect="values",
)
def takes_all_buffers(model, state, rename=None):
    state_dict = model.state_dict()
    rest = {name: one for name, one in model.named_buffers() if name not in state_dict}
    return load(model, state, rename, names={**state_dict, **rest})


@impostor(
    "load_matching_",
    diagnosis="A value of another dtype is refused; only its shape counts, and it is converted.",
    aspect="dtype",
)
def compares_dtypes(model, state, rename=None):
    def fits(name, value, own):
        if value.is_floating_point() != own.is_floating_point():
            return value.shape == own.shape
        return (value.shape == own.shape and value.dtype == own.dtype) or own.dim() == 1

    return load(model, state, rename, fits)


@impostor(
    "load_matching_",
    diagnosis="`assign=True` puts the values of the state into the model: one memory for both.",
    aspect="memory",
)
def assigns(model, state, rename=None):
    fitting = {}
    names = dict(model.state_dict())

    def copy(own, value):
        name = next(name for name, one in names.items() if one is own)
        fitting[name] = value.to(own.device, own.dtype)

    report = load(model, state, rename, copy=copy, names=names)
    model.load_state_dict(fitting, strict=False, assign=True)
    return report


@impostor(
    "load_matching_",
    diagnosis="`.data = value` gives the parameter other memory, which is often the state's own.",
    aspect="memory",
)
def gives_other_memory(model, state, rename=None):
    tensors = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers())
    names = {name: tensors[name] for name in model.state_dict()}

    def copy(own, value):
        own.data = value.detach().to(own.device, own.dtype)

    return load(model, state, rename, copy=copy, names=names)


@impostor(
    "load_matching_",
    diagnosis="What is loaded is made to require grad: frozen parameters thaw.",
    aspect="memory",
)
def thaws(model, state, rename=None):
    report = load(model, state, rename)
    for name, one in model.named_parameters():
        if name in report["loaded"]:
            one.requires_grad_()
    return report


@impostor(
    "load_matching_",
    diagnosis="Values are taken out of the state with `pop`: the caller's dict is empty then.",
    aspect="memory",
)
def empties_the_state(model, state, rename=None):
    report = load(model, state, rename)
    if isinstance(state, dict):
        for key in list(state):
            state.pop(key)
    return report


@impostor(
    "load_matching_",
    diagnosis="Unexpected keys are reported by their new names, not as they stand in the state.",
    aspect="values",
)
def reports_new_names(model, state, rename=None):
    report = load(model, state, rename)
    if rename:
        report["unexpected"] = [rename(key) for key in report["unexpected"]]
    return report


@impostor(
    "load_matching_",
    diagnosis="What has another shape is reported as missing too.",
    aspect="values",
)
def counts_mismatched_as_missing(model, state, rename=None):
    report = load(model, state, rename)
    loaded = report["loaded"]
    return {**report, "missing": [name for name in model.state_dict() if name not in loaded]}


@impostor(
    "load_matching_",
    diagnosis="What has another shape is reported as unexpected too; its name has a place.",
    aspect="values",
)
def counts_mismatched_as_unexpected(model, state, rename=None):
    report = load(model, state, rename)
    loaded = report["loaded"]
    keys = keys_by_name(state, rename)
    return {**report, "unexpected": [key for name, key in keys.items() if name not in loaded]}


@impostor(
    "load_matching_",
    diagnosis="`missing_keys` of load_state_dict leaves out a batch norm's num_batches_tracked.",
    aspect="values",
)
def asks_torch_what_is_missing(model, state, rename=None):
    report = load(model, state, rename)
    own = model.state_dict()
    there = {name: own[name] for name in own if name not in report["missing"]}
    return {**report, "missing": model.load_state_dict(there, strict=False).missing_keys}


@impostor(
    "load_matching_",
    diagnosis="The lists of names are in the order of the state, not in that of the model.",
    aspect="values",
)
def goes_through_the_state(model, state, rename=None):
    own, keys = model.state_dict(), keys_by_name(state, rename)
    in_order = {name: own[name] for name in keys if name in own}
    return load(model, state, rename, names=in_order | dict(own))


@impostor(
    "load_matching_",
    diagnosis="The lists are sorted by the alphabet; they follow the model and the state.",
    aspect="values",
)
def sorts_the_lists(model, state, rename=None):
    return {kind: sorted(names) for kind, names in load(model, state, rename).items()}


@impostor(
    "load_matching_",
    diagnosis="A key is taken as it stands where its new name has no place: only that name counts.",
    aspect="values",
)
def falls_back_on_the_key(model, state, rename=None):
    own = model.state_dict()

    def careful(key):
        name = rename(key) if rename else key
        return name if name in own or key not in own else key

    return load(model, state, careful)


@impostor(
    "load_matching_",
    diagnosis="Of two keys with one name the last one wins silently; ValueError is asked for.",
    aspect="errors",
)
def lets_the_last_key_win(model, state, rename=None):
    return load(model, state, rename, keys={rename(key) if rename else key: key for key in state})


@impostor(
    "load_matching_",
    diagnosis="Two keys with one name are noticed amid the copying: the model is half loaded.",
    aspect="errors",
)
def raises_in_the_middle(model, state, rename=None):
    keys, own = {}, model.state_dict()
    for key, value in state.items():
        name = rename(key) if rename else key
        if name in keys:
            raise ValueError(name)
        keys[name] = key
        if name in own and own[name].shape == value.shape:
            with torch.no_grad():
                own[name].copy_(value)
    return load(model, state, rename)


@impostor(
    "load_matching_",
    diagnosis="Two keys with one name are refused only if the model has that name.",
    aspect="errors",
)
def ignores_foreign_names(model, state, rename=None):
    own, known = model.state_dict(), set()
    for key in state:
        name = rename(key) if rename else key
        if name in known and name in own:
            raise ValueError(name)
        known.add(name)
    return load(model, state, rename, keys={rename(key) if rename else key: key for key in state})


@alternative("load_matching_")
def by_load_state_dict(model, state, rename=None):
    renamed = [(key if rename is None else rename(key), key) for key in state]
    names = [name for name, _ in renamed]
    if len(set(names)) < len(names):
        raise ValueError("one name for two keys")
    named = {name: state[key] for name, key in renamed}
    own = model.state_dict()
    fitting = {k: v for k, v in named.items() if k in own and v.shape == own[k].shape}
    model.load_state_dict(fitting, strict=False)
    return {
        "loaded": [k for k in own if k in fitting],
        "mismatched": [k for k in own if k in named and k not in fitting],
        "missing": [k for k in own if k not in named],
        "unexpected": [key for name, key in renamed if name not in own],
    }


@alternative("load_matching_")
def by_a_whole_state(model, state, rename=None):
    sources, report = {}, {"unexpected": [], "missing": [], "mismatched": [], "loaded": []}
    own = {name: one.clone() for name, one in model.state_dict().items()}
    for key, value in state.items():
        name = (rename or str)(key)
        if sources.setdefault(name, value) is not value:
            raise ValueError(f"a second {name}")
        if name not in own:
            report["unexpected"].append(key)
    for name in own:
        if (value := sources.get(name)) is None:
            report["missing"].append(name)
        elif value.size() != own[name].size():
            report["mismatched"].append(name)
        else:
            own[name] = value
            report["loaded"].append(name)
    model.load_state_dict(own)
    return report


@alternative("load_matching_")
def by_attributes(model, state, rename=None):
    names = {}
    for key in state.keys():
        names.setdefault(key if not rename else rename(key), []).append(key)
    if max(map(len, names.values()), default=1) > 1:
        raise ValueError("two keys, one name")
    loaded, mismatched, missing = [], [], []
    for name in model.state_dict():
        parameter = operator.attrgetter(name)(model)
        for key in names.get(name, ()):
            if list(state[key].shape) == list(parameter.shape):
                parameter.data[...] = state[key].detach().to(parameter.device)
                loaded.append(name)
            else:
                mismatched.append(name)
        if name not in names:
            missing.append(name)
    there = {*loaded, *mismatched}
    unexpected = [key for name, (key,) in names.items() if name not in there]
    return dict(loaded=loaded, mismatched=mismatched, missing=missing, unexpected=unexpected)
