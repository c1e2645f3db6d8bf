"""Wrong and right answers to optimizers/k07_parameter_groups."""

from torch import nn

from dojo.impostors import alternative, impostor

NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.modules.batchnorm._NormBase)
EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


def places(model):
    """Each place of each parameter: the module, the name there, the parameter."""
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                yield module, name, p


def is_without(module, name, p):
    return p.dim() < 2 or "bias" in name or isinstance(module, NORMS + EMBEDDINGS)


def groups(model, weight_decay, without):
    """The two groups, by what stands in the second one."""
    found = [p for p in model.parameters() if p.requires_grad]
    ids = {id(p) for p in without}
    return [
        {"params": [p for p in found if id(p) not in ids], "weight_decay": weight_decay},
        {"params": [p for p in found if id(p) in ids], "weight_decay": 0.0},
    ]


@impostor(
    "parameter_groups",
    diagnosis='"bias" is looked for in the whole path, also in the names of modules.',
    aspect="values",
)
def looks_for_bias_in_the_path(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    without += [p for name, p in model.named_parameters() if "bias" in name]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis='Only names that end in "bias" count here; "bias_k" and "bias_table" have it too.',
    aspect="values",
)
def looks_at_the_end_of_names(model, weight_decay):
    without = [
        p for module, name, p in places(model) if is_without(module, "", p) or name.endswith("bias")
    ]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis='A parameter with two dimensions can be a bias: look for "bias" in its name.',
    aspect="values",
)
def looks_at_no_name(model, weight_decay):
    without = [p for module, name, p in places(model) if is_without(module, "", p)]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis='"norm" is looked for in the path: a Linear called "norm" decays nevertheless.',
    aspect="values",
)
def looks_for_norm_in_the_path(model, weight_decay):
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or isinstance(module, EMBEDDINGS)
    ]
    for path, p in model.named_parameters():
        if "norm" in path.lower() or "ln" in path:
            without.append(p)
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis='An embedding is one by its class, whether or not "embed" is in its name.',
    aspect="values",
)
def looks_for_embed_in_the_path(model, weight_decay):
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or isinstance(module, NORMS)
    ]
    without += [p for path, p in model.named_parameters() if "embed" in path]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="Only dimensions and names are looked at: embeddings decay here.",
    aspect="values",
)
def lets_embeddings_decay(model, weight_decay):
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or isinstance(module, NORMS)
    ]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="A norm layer over two dimensions has a weight of two dimensions: it decays here.",
    aspect="values",
)
def lets_wide_norms_decay(model, weight_decay):
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or isinstance(module, EMBEDDINGS)
    ]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="Only nn.LayerNorm is known as a norm layer; torch has more of them.",
    aspect="values",
)
def knows_layer_norm_only(model, weight_decay):
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or isinstance(module, (nn.LayerNorm, *EMBEDDINGS))
    ]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="Classes are compared by their names: subclasses are called differently, and others"
    " may have such a name.",
    aspect="values",
)
def compares_names_of_classes(model, weight_decay):
    without = []
    for module, name, p in places(model):
        kind = type(module).__name__
        if p.dim() < 2 or "bias" in name or "Norm" in kind or "Embedding" in kind:
            without.append(p)
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="type(…) is compared: subclasses of embeddings and norm layers decay here.",
    aspect="values",
)
def forgets_subclasses(model, weight_decay):
    kinds = (nn.Embedding, nn.EmbeddingBag, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    kinds += (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    kinds += (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
    without = [
        p
        for module, name, p in places(model)
        if p.dim() < 2 or "bias" in name or type(module) in kinds
    ]
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="All that stands below an embedding or a norm layer is taken for a part of it.",
    aspect="values",
)
def takes_all_below(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    for module in model.modules():
        if isinstance(module, NORMS + EMBEDDINGS):
            without += module.parameters()
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="named_parameters gives a shared Parameter under its first name only: the other"
    " places are not looked at.",
    aspect="values",
)
def looks_at_first_places_only(model, weight_decay):
    without = []
    for path, p in model.named_parameters():
        parent, _, name = path.rpartition(".")
        if is_without(model.get_submodule(parent), name, p):
            without.append(p)
    return groups(model, weight_decay, without)


@impostor(
    "parameter_groups",
    diagnosis="The last place of a shared Parameter decides here; any of them may.",
    aspect="values",
)
def lets_the_last_place_decide(model, weight_decay):
    last = {}
    for place in places(model):
        last[place[2]] = is_without(*place)
    return groups(model, weight_decay, [p for p, is_last in last.items() if is_last])


@impostor(
    "parameter_groups",
    diagnosis="Each place is sorted for itself: a shared Parameter stands in several, or twice.",
    aspect="values",
)
def sorts_each_place(model, weight_decay):
    found = {True: [], False: []}
    for place in places(model):
        if place[2].requires_grad:
            found[is_without(*place)].append(place[2])
    return [
        {"params": found[False], "weight_decay": weight_decay},
        {"params": found[True], "weight_decay": 0.0},
    ]


@impostor(
    "parameter_groups",
    diagnosis="Only the children are looked at; the model and what is further below hold"
    " parameters too.",
    aspect="values",
)
def looks_at_children_only(model, weight_decay):
    found = {True: {}, False: {}}
    for module in model.children():
        for name, p in module.named_parameters(recurse=False):
            if p.requires_grad:
                found[is_without(module, name, p)][p] = None
    return [
        {"params": list(found[False]), "weight_decay": weight_decay},
        {"params": list(found[True]), "weight_decay": 0.0},
    ]


@impostor(
    "parameter_groups",
    diagnosis="Parameters that do not require grad are in the groups too.",
    aspect="values",
)
def keeps_frozen_ones(model, weight_decay):
    without = {p for place in places(model) if is_without(*place) for p in place[2:]}
    return [
        {
            "params": [p for p in model.parameters() if p not in without],
            "weight_decay": weight_decay,
        },
        {"params": [p for p in model.parameters() if p in without], "weight_decay": 0.0},
    ]


@impostor(
    "parameter_groups",
    diagnosis="The groups are in the other order: the one that decays comes first.",
    aspect="values",
)
def gives_the_other_order(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    return groups(model, weight_decay, without)[::-1]


@impostor(
    "parameter_groups",
    diagnosis="Sets are made, and a set has no order; an optimizer refuses it.",
    aspect="type",
)
def makes_sets(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    return [{**one, "params": set(one["params"])} for one in groups(model, weight_decay, without)]


@impostor(
    "parameter_groups",
    diagnosis="A group without parameters is left out here; it comes with an empty list.",
    aspect="type",
)
def leaves_out_empty_groups(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    return [one for one in groups(model, weight_decay, without) if one["params"]]


@impostor(
    "parameter_groups",
    diagnosis="The names are sorted, as they were for a check against a list of all names.",
    aspect="structure",
)
def sorts_by_name(model, weight_decay):
    without = [p for place in places(model) if is_without(*place) for p in place[2:]]
    names = {p: name for name, p in model.named_parameters()}
    made = groups(model, weight_decay, without)
    return [{**one, "params": sorted(one["params"], key=names.__getitem__)} for one in made]


@alternative("parameter_groups")
def by_paths(model, weight_decay):
    decayed = {}
    for path, p in model.named_parameters(remove_duplicate=False):
        parent, _, name = path.rpartition(".")
        is_bare = p.ndim < 2 or "bias" in name
        is_bare |= isinstance(model.get_submodule(parent), EMBEDDINGS + NORMS)
        decayed[p] = decayed.get(p, True) and not is_bare
    first, second = {"weight_decay": weight_decay}, {"weight_decay": 0.0}
    first["params"] = [p for p in model.parameters() if p.requires_grad and decayed[p]]
    second["params"] = [p for p in model.parameters() if p.requires_grad and not decayed[p]]
    return [first, second]


@alternative("parameter_groups")
def by_recursion(model, weight_decay):
    order, bare = [], set()

    def visit(module):
        for name in module._parameters:
            p = getattr(module, name)
            if p is None:
                continue
            if not any(p is other for other in order):
                order.append(p)
            if is_without(module, name, p):
                bare.add(id(p))
        for child in module.children():
            visit(child)

    visit(model)
    trained = [p for p in order if p.requires_grad]
    return [
        dict(params=[p for p in trained if id(p) not in bare], weight_decay=float(weight_decay)),
        dict(params=[p for p in trained if id(p) in bare], weight_decay=0),
    ]


@alternative("parameter_groups")
def by_rules_one_after_the_other(model, weight_decay):
    names = [path.split(".") for path, _ in model.named_parameters(remove_duplicate=False)]
    biases = {
        getattr(model.get_submodule(".".join(above)), name)
        for *above, name in names
        if name.find("bias") >= 0
    }
    held = set()
    for module in filter(lambda one: isinstance(one, EMBEDDINGS + NORMS), model.modules()):
        held.update(module.parameters(recurse=False))
    small = {p for p in model.parameters() if len(p.shape) in (0, 1)}
    result = [{"params": [], "weight_decay": weight_decay}, {"params": [], "weight_decay": 0.0}]
    for p in model.parameters():
        if p.requires_grad:
            result[p in small | biases | held]["params"].append(p)
    return result
