"""Wrong and right answers to layers/k19_kaiming_init."""

import copy
import math

import torch
from torch import nn

from dojo.impostors import alternative, impostor

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@torch.no_grad()
def initialise(parts, deviation=lambda layer: math.sqrt(2 / layer.weight[0].numel())):
    """Initialise those of these modules that are of the right kinds."""
    for part in parts:
        if isinstance(part, LAYERS):
            part.weight.normal_(0, deviation(part))
        elif isinstance(part, NORMS) and part.weight is not None:
            part.weight.fill_(1)
        if isinstance(part, LAYERS + NORMS) and part.bias is not None:
            part.bias.zero_()


@impostor(
    "kaiming_",
    diagnosis="Outputs are counted (fan_out); fan_in counts the inputs of one output.",
    aspect="values",
)
def counts_outputs(module):
    def deviation(layer):
        return math.sqrt(2 / (layer.weight.shape[0] * layer.weight[0, 0].numel()))

    initialise(module.modules(), deviation)
    return module


@impostor(
    "kaiming_",
    diagnosis="Channels are counted without the places of the kernel.",
    aspect="values",
)
def forgets_the_kernel(module):
    initialise(module.modules(), lambda layer: math.sqrt(2 / layer.weight.shape[1]))
    return module


@impostor(
    "kaiming_",
    diagnosis="All input channels are counted: with groups, one output sees only a part of them.",
    aspect="values",
)
def forgets_groups(module):
    def deviation(layer):
        return math.sqrt(2 / (layer.weight[0].numel() * getattr(layer, "groups", 1)))

    initialise(module.modules(), deviation)
    return module


@impostor(
    "kaiming_",
    diagnosis="The kernel is taken for a square one: its sides may differ.",
    aspect="values",
)
def takes_kernels_for_squares(module):
    def deviation(layer):
        _, inputs, *sides = layer.weight.shape
        return math.sqrt(2 / (inputs * sides[-1] ** len(sides) if sides else inputs))

    initialise(module.modules(), deviation)
    return module


@impostor(
    "kaiming_",
    diagnosis="1 stands under the root; it is 2, since a ReLU takes half of the numbers away.",
    aspect="values",
)
def takes_the_gain_1(module):
    initialise(module.modules(), lambda layer: math.sqrt(1 / layer.weight[0].numel()))
    return module


@impostor(
    "kaiming_",
    diagnosis="This is torch's own way with a=sqrt(5); for a ReLU, a is 0.",
    aspect="values",
)
def takes_a_of_root_5(module):
    initialise(module.modules(), lambda layer: math.sqrt(1 / (3 * layer.weight[0].numel())))
    return module


@impostor(
    "kaiming_",
    diagnosis="The variance stands where the deviation belongs: the root is missing.",
    aspect="values",
)
def takes_the_variance(module):
    initialise(module.modules(), lambda layer: 2 / layer.weight[0].numel())
    return module


@impostor(
    "kaiming_",
    diagnosis="Inputs and outputs are counted: that is Xavier's rule.",
    aspect="values",
)
def takes_xaviers_rule(module):
    def deviation(layer):
        count, weight = layer.weight[0].numel(), layer.weight
        return math.sqrt(2 / (count + weight.shape[0] * weight[0, 0].numel()))

    initialise(module.modules(), deviation)
    return module


@impostor(
    "kaiming_",
    diagnosis="The numbers are uniform (kaiming_uniform_); they are to be normal.",
    aspect="values",
)
def draws_uniform_numbers(module):
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, LAYERS):
            nn.init.kaiming_uniform_(part.weight)
    return module


@impostor(
    "kaiming_",
    diagnosis="The numbers are cut off at 2 deviations: a normal distribution has no end.",
    aspect="values",
)
def cuts_off(module):
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, LAYERS):
            std = math.sqrt(2 / part.weight[0].numel())
            nn.init.trunc_normal_(part.weight, 0, std, -2 * std, 2 * std)
    return module


@impostor(
    "kaiming_",
    diagnosis="The bias is left as it was; it is to be 0.",
    aspect="values",
)
def leaves_the_bias(module):
    with torch.no_grad():
        for part in module.modules():
            bias = None if getattr(part, "bias", None) is None else part.bias
            kept = bias.clone() if isinstance(bias, torch.Tensor) else None
            initialise([part])
            if isinstance(part, LAYERS) and kept is not None:
                bias.copy_(kept)
    return module


@impostor(
    "kaiming_",
    diagnosis="The bias is multiplied by 0: that leaves NaN where NaN was.",
    aspect="values",
)
def multiplies_by_zero(module):
    with torch.no_grad():
        for part in module.modules():
            bias = getattr(part, "bias", None) if isinstance(part, LAYERS + NORMS) else None
            kept = None if bias is None else bias * 0
            initialise([part])
            if bias is not None:
                bias.copy_(kept)
    return module


@impostor(
    "kaiming_",
    diagnosis="Only the children are looked at, and not what is below them.",
    aspect="values",
)
def looks_at_children_only(module):
    initialise([module, *module.children()])
    return module


@impostor(
    "kaiming_",
    diagnosis="The module itself is left out; it may be a layer too.",
    aspect="values",
)
def leaves_itself_out(module):
    initialise(list(module.modules())[1:])
    return module


@impostor(
    "kaiming_",
    diagnosis="Kinds are compared with type(…): subclasses are left out.",
    aspect="values",
)
def forgets_subclasses(module):
    initialise(one for one in module.modules() if type(one) in LAYERS + NORMS)
    return module


@impostor(
    "kaiming_",
    diagnosis="Each Parameter of two dimensions or more is drawn, whatever module it is in.",
    aspect="values",
)
def goes_by_dimensions(module):
    initialise(module.modules())
    for part in module.modules():
        for p in part.parameters(recurse=False):
            if p.dim() > 1 and not isinstance(part, LAYERS + NORMS):
                nn.init.kaiming_normal_(p)
    return module


@impostor(
    "kaiming_",
    diagnosis="Transposed convolutions are initialised too; they are not among the kinds.",
    aspect="values",
)
def takes_all_convolutions(module):
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, nn.modules.conv._ConvTransposeNd):
            nn.init.kaiming_normal_(part.weight)
            nn.init.zeros_(part.bias)
    return module


@impostor(
    "kaiming_",
    diagnosis="Frozen Parameters are passed over; they are initialised too.",
    aspect="values",
)
def passes_over_frozen_ones(module):
    kept = [(p, p.detach().clone()) for p in module.parameters() if not p.requires_grad]
    initialise(module.modules())
    with torch.no_grad():
        for p, numbers in kept:
            p.copy_(numbers)
    return module


@impostor(
    "kaiming_",
    diagnosis="Modules in eval mode are passed over; they are initialised too.",
    aspect="values",
)
def passes_over_eval_mode(module):
    initialise(one for one in module.modules() if one.training)
    return module


@impostor(
    "kaiming_",
    diagnosis="Norms are left as they were; their weight is to be 1 and their bias 0.",
    aspect="values",
)
def leaves_norms(module):
    initialise(one for one in module.modules() if isinstance(one, LAYERS))
    return module


@impostor(
    "kaiming_",
    diagnosis="A seed is set, so that every call draws the same numbers.",
    aspect="values",
)
def sets_a_seed(module):
    torch.manual_seed(0)
    initialise(module.modules())
    return module


@impostor(
    "kaiming_",
    diagnosis="The numbers come from another generator, which torch.manual_seed does not reach.",
    aspect="values",
)
def draws_from_its_own_generator(module):
    generator = torch.Generator()
    generator.seed()
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, LAYERS):
            deviation = math.sqrt(2 / part.weight[0].numel())
            numbers = torch.empty(part.weight.shape).normal_(0, deviation, generator=generator)
            part.weight.data.copy_(numbers)
    return module


@impostor(
    "kaiming_",
    diagnosis="reset_parameters puts buffers back too; these stay as they are.",
    aspect="memory",
)
def resets_buffers(module):
    for part in module.modules():
        if isinstance(part, NORMS[2:]):
            part.reset_parameters()
    initialise(module.modules())
    return module


@impostor(
    "kaiming_",
    diagnosis="The layers get new Parameters, and an optimizer has the old ones.",
    aspect="memory",
)
def makes_new_parameters(module):
    for part in module.modules():
        if isinstance(part, LAYERS) and part.weight is not None:
            is_trained, grad = part.weight.requires_grad, part.weight.grad
            part.weight = nn.Parameter(part.weight.detach().clone(), is_trained)
            part.weight.grad = grad
    initialise(module.modules())
    return module


@impostor(
    "kaiming_",
    diagnosis="`weight.data = …` gives the Parameter other memory; views keep the old numbers.",
    aspect="memory",
)
def exchanges_the_memory(module):
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, LAYERS):
            part.weight.data = torch.randn_like(part.weight) * math.sqrt(2 / part.weight[0].numel())
    return module


@impostor(
    "kaiming_",
    diagnosis="Every Parameter requires grad afterwards: frozen ones stay frozen.",
    aspect="memory",
)
def unfreezes(module):
    initialise(module.modules())
    return module.requires_grad_(True)


@impostor(
    "kaiming_",
    diagnosis="The .grad of the Parameters is taken away; it stays.",
    aspect="memory",
)
def takes_grad_away(module):
    initialise(module.modules())
    module.zero_grad()
    return module


@impostor(
    "kaiming_",
    diagnosis="Nothing comes back; the module itself is to be returned.",
    aspect="type",
)
def returns_nothing(module):
    initialise(module.modules())


@impostor(
    "kaiming_",
    diagnosis="A copy is initialised, and the module that was given stays as it was.",
    aspect="type",
)
def initialises_a_copy(module):
    module = copy.deepcopy(module)
    initialise(module.modules())
    return module


@impostor(
    "kaiming_",
    diagnosis="Autograd is switched on at the end, even where it was off.",
    aspect="memory",
)
def switches_autograd_on(module):
    torch.set_grad_enabled(False)
    initialise(module.modules())
    torch.set_grad_enabled(True)
    return module


@alternative("kaiming_")
def by_nn_init(module):
    def visit(part):
        match part:
            case nn.Linear() | nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
                nn.init.kaiming_normal_(part.weight, mode="fan_in", nonlinearity="relu")
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
            case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d() | nn.GroupNorm():
                if part.affine:
                    nn.init.ones_(part.weight)
                    nn.init.zeros_(part.bias)
            case nn.LayerNorm() if part.elementwise_affine:
                nn.init.constant_(part.weight, 1.0)
                if part.bias is not None:
                    nn.init.constant_(part.bias, 0.0)

    return module.apply(visit)


@alternative("kaiming_")
def by_data(module):
    for part in module.modules():
        weight, bias = getattr(part, "weight", None), getattr(part, "bias", None)
        if isinstance(part, nn.Linear):
            weight.data.normal_(0.0, math.sqrt(2.0 / part.in_features))
        elif isinstance(part, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            count = part.in_channels // part.groups * math.prod(part.kernel_size)
            weight.data.normal_(0.0, math.sqrt(2.0 / count))
        elif isinstance(part, NORMS):
            if weight is not None:
                weight.data.fill_(1.0)
        else:
            continue
        if bias is not None:
            bias.data.zero_()
    return module


@alternative("kaiming_")
def by_copies(module):
    with torch.no_grad():
        stack = [module]
        while stack:
            part = stack.pop()
            stack += part.children()
            if isinstance(part, LAYERS):
                size = part.weight[0].numel()
                part.weight.copy_(torch.randn(part.weight.shape) * (2 / size) ** 0.5)
            elif isinstance(part, NORMS):
                if part.weight is not None:
                    part.weight.copy_(torch.ones(part.weight.shape))
            else:
                continue
            if part.bias is not None:
                part.bias.copy_(torch.zeros(part.bias.shape))
    return module


@alternative("kaiming_")
def by_two_uniform_numbers(module):
    initialise(module.modules())
    for part in module.modules():
        if isinstance(part, LAYERS):
            one, other = torch.rand(2, *part.weight.shape, dtype=torch.float64)
            radius = torch.sqrt(-4 / part.weight[0].numel() * torch.log(1 - one))
            part.weight.detach().copy_(radius * torch.cos(2 * math.pi * other))
    return module
