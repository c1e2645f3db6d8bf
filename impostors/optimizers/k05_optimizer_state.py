"""Wrong and right answers to optimizers/k05_optimizer_state."""

import copy
import io
import itertools
from collections import defaultdict

import torch

from dojo.impostors import alternative, impostor


def saved_of(optimizer, copied=copy.deepcopy):
    """What is right to save; copied says how a state is kept."""
    state, groups, position = {}, [], 0
    for group in optimizer.param_groups:
        options = {name: one for name, one in group.items() if name != "params"}
        options["params"] = [position + number for number in range(len(group["params"]))]
        groups.append(options)
        for p in group["params"]:
            if p in optimizer.state:
                state[position] = copied(optimizer.state[p])
            position += 1
    return {"state": state, "param_groups": groups}


def sizes_of(groups):
    return [len(group["params"]) for group in groups]


def load(optimizer, saved, copied=copy.deepcopy, is_checked=True):
    """Load as it is right; copied says how a state is kept."""
    groups = optimizer.param_groups
    if is_checked and sizes_of(groups) != sizes_of(saved["param_groups"]):
        raise ValueError("other sizes")
    parameters = [p for group in groups for p in group["params"]]
    for group, options in zip(groups, saved["param_groups"], strict=False):
        new = {**options, "params": group["params"]}
        group.clear()
        group.update(new)
    optimizer.state.clear()
    for position, state in saved["state"].items():
        if position < len(parameters):
            optimizer.state[parameters[position]] = copied(state)


@impostor(
    "save_state",
    diagnosis="The tensors themselves are handed out: the next step writes into what was saved.",
    aspect="memory",
)
def hands_out_its_tensors(optimizer):
    return saved_of(optimizer, dict)


@impostor(
    "save_state",
    diagnosis="The keys are ids, which mean nothing in another process: positions are asked for.",
    aspect="values",
)
def keys_by_id(optimizer):
    saved = saved_of(optimizer)
    ids = [id(p) for group in optimizer.param_groups for p in group["params"]]
    for group in saved["param_groups"]:
        group["params"] = [ids[position] for position in group["params"]]
    saved["state"] = {ids[position]: one for position, one in saved["state"].items()}
    return saved


@impostor(
    "save_state",
    diagnosis="The count begins anew in each group, so that two parameters have one position.",
    aspect="values",
)
def counts_anew_in_each_group(optimizer):
    saved = saved_of(optimizer)
    saved["state"] = {}
    for group, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        packed["params"] = list(range(len(group["params"])))
        for position, p in enumerate(group["params"]):
            if p in optimizer.state:
                saved["state"][position] = copy.deepcopy(optimizer.state[p])
    return saved


@impostor(
    "save_state",
    diagnosis="Only parameters that have a state are counted, so that later positions are wrong.",
    aspect="values",
)
def counts_states(optimizer):
    saved = saved_of(optimizer)
    saved["state"] = dict(enumerate(saved["state"].values()))
    return saved


@impostor(
    "save_state",
    diagnosis="`optimizer.state[p]` makes an empty state for each parameter that has none.",
    aspect="values",
)
def makes_empty_states(optimizer):
    saved = saved_of(optimizer)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    saved["state"] = {n: copy.deepcopy(optimizer.state[p]) for n, p in enumerate(parameters)}
    return saved


@impostor(
    "save_state",
    diagnosis="An empty state is made in the optimizer by the question whether there is one.",
    aspect="memory",
)
def asks_with_brackets(optimizer):
    saved = saved_of(optimizer)
    for group in optimizer.param_groups:
        for p in group["params"]:
            if len(optimizer.state[p]):
                continue
    return saved


@impostor(
    "save_state",
    diagnosis="zero_grad() takes the gradients away; to save is to read.",
    aspect="memory",
)
def clears_the_gradients(optimizer):
    optimizer.zero_grad()
    return saved_of(optimizer)


@impostor(
    "save_state",
    diagnosis="Of the options only lr is saved.",
    aspect="values",
)
def saves_lr_alone(optimizer):
    saved = saved_of(optimizer)
    for group in saved["param_groups"]:
        for name in [name for name in group if name not in ("lr", "params")]:
            del group[name]
    return saved


@impostor(
    "save_state",
    diagnosis="The defaults are saved; each group has options of its own, which may have changed.",
    aspect="values",
)
def saves_the_defaults(optimizer):
    saved = saved_of(optimizer)
    for group in saved["param_groups"]:
        group.update(optimizer.defaults)
    return saved


@impostor(
    "save_state",
    diagnosis="The parameters are saved along, where only their positions belong.",
    aspect="values",
)
def saves_parameters(optimizer):
    saved = saved_of(optimizer)
    for group, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        packed["params"] = [p.detach().clone() for p in group["params"]]
    return saved


@impostor(
    "save_state",
    diagnosis="The positions are written into the groups of the optimizer itself, which has no"
    " parameters then.",
    aspect="values",
)
def writes_into_the_groups(optimizer):
    saved = saved_of(optimizer)
    for group, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        group["params"] = packed["params"]
    return saved


@impostor(
    "save_state",
    diagnosis="Optimizer.state_dict is called, which is the exercise.",
    aspect="structure",
)
def calls_state_dict(optimizer):
    return copy.deepcopy(optimizer.state_dict())


@impostor(
    "load_state",
    diagnosis="The tensors of saved are put into the optimizer: its steps write into them.",
    aspect="memory",
)
def keeps_saved_tensors(optimizer, saved):
    load(optimizer, saved, dict)


@impostor(
    "load_state",
    diagnosis="The states are loaded without the options: lr and betas are those from before.",
    aspect="values",
)
def forgets_the_options(optimizer, saved):
    groups = [dict(group) for group in optimizer.param_groups]
    load(optimizer, saved)
    for group, old in zip(optimizer.param_groups, groups, strict=True):
        group.clear()
        group.update(old)


@impostor(
    "load_state",
    diagnosis="Options that were not saved stay in the groups.",
    aspect="values",
)
def keeps_other_options(optimizer, saved):
    groups = [dict(group) for group in optimizer.param_groups]
    load(optimizer, saved)
    for group, old in zip(optimizer.param_groups, groups, strict=True):
        group.update({name: one for name, one in old.items() if name not in group})


@impostor(
    "load_state",
    diagnosis="A state that was there before stays, where none was saved for this parameter.",
    aspect="values",
)
def keeps_old_states(optimizer, saved):
    old = dict(optimizer.state)
    load(optimizer, saved)
    for p, state in old.items():
        if p not in optimizer.state:
            optimizer.state[p] = state


@impostor(
    "load_state",
    diagnosis="All tensors are cast to the dtype of the parameter, the count of steps too.",
    aspect="values",
)
def casts_all(optimizer, saved):
    load(optimizer, saved)
    for p, state in optimizer.state.items():
        optimizer.state[p] = {
            name: one.to(p.dtype) if isinstance(one, torch.Tensor) else one
            for name, one in state.items()
        }


@impostor(
    "load_state",
    diagnosis="A plain dict takes the place of optimizer.state: a parameter without a state cannot"
    " take its first step.",
    aspect="values",
)
def makes_a_plain_dict(optimizer, saved):
    load(optimizer, saved)
    optimizer.state = dict(optimizer.state)


@impostor(
    "load_state",
    diagnosis="Positions are counted anew in each group, so that states go to other parameters.",
    aspect="values",
)
def finds_positions_anew(optimizer, saved):
    load(optimizer, saved)
    optimizer.state.clear()
    for group in optimizer.param_groups:
        for position, p in enumerate(group["params"]):
            if position in saved["state"]:
                optimizer.state[p] = copy.deepcopy(saved["state"][position])


@impostor(
    "load_state",
    diagnosis='"params" is loaded as an option: the groups hold positions in place of parameters.',
    aspect="values",
)
def loads_positions(optimizer, saved):
    load(optimizer, saved)
    for group, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        group.update(copy.deepcopy(packed))


@impostor(
    "load_state",
    diagnosis='`pop` takes "params" out of saved, which cannot be loaded a second time.',
    aspect="memory",
)
def takes_out_of_saved(optimizer, saved):
    load(optimizer, saved)
    for group in saved["param_groups"]:
        group.pop("params")


@impostor(
    "load_state",
    diagnosis="The saved groups become those of the optimizer: a new lr changes saved too.",
    aspect="memory",
)
def takes_the_saved_groups(optimizer, saved):
    load(optimizer, saved)
    groups = saved["param_groups"]
    positions = [group["params"] for group in groups]
    for group, old in zip(groups, optimizer.param_groups, strict=True):
        group["params"] = old["params"]
    optimizer.param_groups = groups
    saved["param_groups"] = [
        {**group, "params": some} for group, some in zip(groups, positions, strict=True)
    ]
    saved["param_groups"][0] = groups[0]


@impostor(
    "load_state",
    diagnosis="The sizes of the groups are not compared.",
    aspect="errors",
)
def compares_nothing(optimizer, saved):
    load(optimizer, saved, is_checked=False)


@impostor(
    "load_state",
    diagnosis="Only the number of all parameters is compared, not that in each group.",
    aspect="errors",
)
def compares_the_sum(optimizer, saved):
    if sum(sizes_of(optimizer.param_groups)) != sum(sizes_of(saved["param_groups"])):
        raise ValueError("other sizes")
    load(optimizer, saved, is_checked=False)


@impostor(
    "load_state",
    diagnosis="The sizes are compared one by one, when the first groups are changed already.",
    aspect="errors",
)
def compares_too_late(optimizer, saved):
    if len(optimizer.param_groups) != len(saved["param_groups"]):
        raise ValueError("other groups")
    for group, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        if len(group["params"]) != len(packed["params"]):
            raise ValueError("other sizes")
        group.update({name: one for name, one in packed.items() if name != "params"})
    load(optimizer, saved)


@impostor(
    "load_state",
    diagnosis="Optimizer.load_state_dict is called, which is the exercise.",
    aspect="structure",
)
def calls_load_state_dict(optimizer, saved):
    optimizer.load_state_dict(copy.deepcopy(saved))


@alternative("save_state")
def by_a_file(optimizer):
    counter = itertools.count()
    positions = {id(p): next(counter) for group in optimizer.param_groups for p in group["params"]}
    state = {positions[id(p)]: one for p, one in optimizer.state.items()}
    groups = [
        {**group, "params": [positions[id(p)] for p in group["params"]]}
        for group in optimizer.param_groups
    ]
    file = io.BytesIO()
    torch.save({"state": state, "param_groups": groups}, file)
    file.seek(0)
    return torch.load(file)


@alternative("save_state")
def by_clones(optimizer):
    parameters = list(itertools.chain(*(group["params"] for group in optimizer.param_groups)))
    state = {}
    for position, p in enumerate(parameters):
        kept = optimizer.state.get(p)
        if kept is not None:
            state[position] = {
                name: one.clone() if torch.is_tensor(one) else one for name, one in kept.items()
            }
    groups = []
    for group in optimizer.param_groups:
        start = sum(len(one["params"]) for one in groups)
        packed = group.copy()
        packed["params"] = [start + n for n, _ in enumerate(group["params"])]
        groups.append(packed)
    return dict(param_groups=groups, state=state)


@alternative("save_state")
def by_removing_the_parameters(optimizer):
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    memo = {id(p): position for position, p in enumerate(parameters)}
    state = copy.deepcopy(dict(optimizer.state), memo)
    return {"param_groups": copy.deepcopy(optimizer.param_groups, memo), "state": state}


@alternative("load_state")
def by_new_groups(optimizer, saved):
    old, new = optimizer.param_groups, saved["param_groups"]
    if len(old) != len(new) or any(
        len(a["params"]) != len(b["params"]) for a, b in zip(old, new, strict=True)
    ):
        raise ValueError("the groups differ")
    state, groups = defaultdict(dict), []
    for mine, packed in zip(old, new, strict=True):
        groups.append({name: one for name, one in packed.items() if name != "params"})
        groups[-1]["params"] = mine["params"]
        for p, position in zip(mine["params"], packed["params"], strict=True):
            if position in saved["state"]:
                state[p] = {
                    name: one.clone() if isinstance(one, torch.Tensor) else one
                    for name, one in saved["state"][position].items()
                }
    optimizer.state, optimizer.param_groups = state, groups


@alternative("load_state")
def by_setstate(optimizer, saved):
    saved = copy.deepcopy(saved)
    groups = optimizer.param_groups
    if [*map(lambda one: len(one["params"]), groups)] != [
        *map(lambda one: len(one["params"]), saved["param_groups"])
    ]:
        raise ValueError
    flat = itertools.chain.from_iterable(group["params"] for group in groups)
    state = defaultdict(dict)
    for position, p in enumerate(flat):
        if position in saved["state"]:
            state[p].update(saved["state"][position])
    for mine, packed in zip(groups, saved["param_groups"], strict=True):
        packed["params"] = mine["params"]
    optimizer.__setstate__({"state": state, "param_groups": saved["param_groups"]})


@alternative("load_state")
def in_the_old_states(optimizer, saved):
    for mine, packed in itertools.zip_longest(optimizer.param_groups, saved["param_groups"]):
        if mine is None or packed is None or len(mine["params"]) != len(packed["params"]):
            raise ValueError("the groups differ")
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for position, p in enumerate(parameters):
        state = optimizer.state[p]
        state.clear()
        state.update(copy.deepcopy(saved["state"].get(position, {})))
    for mine, packed in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        for name in set(mine) - set(packed):
            del mine[name]
        for name, one in packed.items():
            if name != "params":
                mine[name] = one
