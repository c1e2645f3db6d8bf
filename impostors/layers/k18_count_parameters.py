"""Wrong and right answers to layers/k18_count_parameters."""

import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "count_parameters",
    diagnosis="state_dict is made for saving: it has the buffers too.",
    aspect="values",
)
def counts_the_state_dict(module, trainable_only=False):
    found = module.state_dict(keep_vars=True).values()
    return sum(
        one.numel()
        for one in {id(p): p for p in found if p.requires_grad or not trainable_only}.values()
    )


@impostor(
    "count_parameters",
    diagnosis="The names are counted: a Parameter with two names counts twice.",
    aspect="values",
)
def counts_each_name(module, trainable_only=False):
    found = module.named_parameters(remove_duplicate=False)
    return sum(p.numel() for _, p in found if p.requires_grad or not trainable_only)


@impostor(
    "count_parameters",
    diagnosis="Each part counts for itself: a Parameter that two layers share counts twice.",
    aspect="values",
)
def counts_each_child_by_itself(module, trainable_only=False):
    def count(one):
        own = one.parameters(recurse=False)
        number = sum(p.numel() for p in own if p.requires_grad or not trainable_only)
        return number + sum(map(count, one.children()))

    return count(module)


@impostor(
    "count_parameters",
    diagnosis="This is the number of Parameters; each of them has many entries.",
    aspect="values",
)
def counts_tensors(module, trainable_only=False):
    return len([p for p in module.parameters() if p.requires_grad or not trainable_only])


@impostor(
    "count_parameters",
    diagnosis="len is the first size only: all sizes are multiplied.",
    aspect="values",
)
def counts_rows(module, trainable_only=False):
    found = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum(len(p) if p.dim() else 1 for p in found)


@impostor(
    "count_parameters",
    diagnosis="A tensor comes back; a count is a Python int.",
    aspect="type",
)
def returns_a_tensor(module, trainable_only=False):
    found = [p.numel() for p in module.parameters() if p.requires_grad or not trainable_only]
    return torch.tensor(found, dtype=torch.int64).sum()


@impostor(
    "count_parameters",
    diagnosis="Parameters with equal values count as one: it is the object that counts.",
    aspect="values",
)
def takes_equal_values_for_one(module, trainable_only=False):
    found = []
    for p in module.parameters():
        if p.requires_grad or not trainable_only:
            is_new = p.is_meta or not any(
                p.shape == q.shape and bool((p == q).all()) for q in found
            )
            found += [p] * is_new
    return sum(p.numel() for p in found)


@impostor(
    "count_parameters",
    diagnosis="Parameters in the same memory count as one: it is the object that counts.",
    aspect="values",
)
def takes_one_memory_for_one(module, trainable_only=False):
    found = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum({p if p.is_meta else p.data_ptr(): p.numel() for p in found}.values())


@impostor(
    "count_parameters",
    diagnosis="Only the module's own Parameters count here, not those of the modules below it.",
    aspect="values",
)
def counts_its_own_only(module, trainable_only=False):
    found = module.parameters(recurse=False)
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


@impostor(
    "count_parameters",
    diagnosis="Only layers without children are looked at: a module with children has Parameters"
    " of its own too.",
    aspect="values",
)
def looks_at_leaves_only(module, trainable_only=False):
    leaves = [one for one in module.modules() if not list(one.children())]
    found = {p for one in leaves for p in one.parameters()}
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


@impostor(
    "count_parameters",
    diagnosis="eval mode freezes nothing: requires_grad alone says what is trained.",
    aspect="values",
)
def takes_eval_mode_for_frozen(module, trainable_only=False):
    found = {}
    for one in module.modules():
        for p in one.parameters(recurse=False):
            if not trainable_only or (one.training and p.requires_grad):
                found[p] = p.numel()
    return sum(found.values())


@impostor(
    "count_parameters",
    diagnosis="A Parameter that has no .grad yet is trainable too, and a frozen one may have one.",
    aspect="values",
)
def looks_at_grad(module, trainable_only=False):
    found = module.parameters()
    return sum(p.numel() for p in found if not trainable_only or p.grad is not None)


@impostor(
    "count_parameters",
    diagnosis="float16, bfloat16 and complex numbers are trained too: requires_grad says it.",
    aspect="values",
)
def counts_two_dtypes_as_trainable(module, trainable_only=False):
    found = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    wide = (torch.float32, torch.float64)
    return sum(p.numel() for p in found if not trainable_only or p.dtype in wide)


@impostor(
    "count_parameters",
    diagnosis="Two trainable Parameters in one memory count as one: count each object.",
    aspect="values",
)
def takes_one_memory_for_one_trainable(module, trainable_only=False):
    found = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    if not trainable_only:
        return sum(p.numel() for p in found)
    return sum({p if p.is_meta else p.data_ptr(): p.numel() for p in found}.values())


@impostor(
    "count_parameters",
    diagnosis="trainable_only is not looked at: frozen Parameters never count here.",
    aspect="values",
)
def never_counts_frozen_ones(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@impostor(
    "count_parameters",
    diagnosis="trainable_only is not looked at: frozen Parameters always count here.",
    aspect="values",
)
def always_counts_frozen_ones(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters())


@impostor(
    "count_parameters",
    diagnosis="float32 holds whole numbers up to 2**24 only: a large count loses its last digits.",
    aspect="values",
)
def adds_in_float32(module, trainable_only=False):
    found = [p.numel() for p in module.parameters() if p.requires_grad or not trainable_only]
    return int(torch.tensor(found, dtype=torch.float32).sum())


@impostor(
    "count_parameters",
    diagnosis="The frozen Parameters are made trainable: a count leaves the module as it is.",
    aspect="memory",
)
def unfreezes_the_rest(module, trainable_only=False):
    count = sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)
    for p in module.parameters():
        if p.is_floating_point():
            p.requires_grad_(True)
    return count


@alternative("count_parameters")
def by_names(module, trainable_only=False):
    count = 0
    for _, p in module.named_parameters():
        if trainable_only and not p.requires_grad:
            continue
        count += math.prod(p.shape)
    return count


@alternative("count_parameters")
def by_recursion(module, trainable_only=False):
    seen = set()

    def visit(one):
        count = 0
        for p in one._parameters.values():
            if p is not None and id(p) not in seen:
                seen.add(id(p))
                count += p.nelement() if p.requires_grad or not trainable_only else 0
        return count + sum(visit(child) for child in one._modules.values() if child is not None)

    return visit(module)


@alternative("count_parameters")
def by_all_modules(module, trainable_only=False):
    found = {p for one in module.modules() for p in one.parameters(recurse=False)}
    if trainable_only:
        found = set(filter(lambda p: p.requires_grad, found))
    return int(sum(np.prod(p.shape, dtype=np.int64) for p in found))


@alternative("count_parameters")
def by_size(module, trainable_only=False):
    found = {id(p): p for _, p in module.named_parameters(remove_duplicate=False)}
    sizes = [p.size() for p in found.values() if p.requires_grad or trainable_only is False]
    return sum(size.numel() for size in sizes)
