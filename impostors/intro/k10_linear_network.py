"""Wrong and right answers to intro/k10_linear_network."""

import copy
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize

from dojo.impostors import alternative, impostor


class _Layer(nn.Module):
    """What most of the classes below have in common."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(10, 5)

    def forward(self, x):
        return self.layer(x)


class _Own(nn.Module):
    """The same with parameters of its own."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, 10) / 3)
        self.b = nn.Parameter(torch.zeros(5))

    def forward(self, x):
        return x @ self.w.T + self.b


@impostor("make_network", diagnosis="The layer has no bias.", aspect="structure")
def leaves_out_the_bias():
    return nn.Linear(10, 5, bias=False)


@impostor("make_network", diagnosis="nn.Linear takes the number of input features first.")
def swaps_the_sizes():
    return nn.Linear(5, 10)


@impostor("make_network", diagnosis="A relu follows the layer.", aspect="values")
def ends_in_relu():
    return nn.Sequential(nn.Linear(10, 5), nn.ReLU())


@impostor("make_network", diagnosis="A softmax follows the layer.", aspect="values")
def ends_in_softmax():
    return nn.Sequential(nn.Linear(10, 5), nn.Softmax(dim=-1))


class _InAList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(10, 5)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@impostor(
    "make_network",
    diagnosis="A layer in a plain Python list is not seen by parameters(); nn.ModuleList is.",
    aspect="structure",
)
def keeps_the_layer_in_a_list():
    return _InAList()


class _PlainTensors(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.randn(5, 10, requires_grad=True)
        self.b = torch.zeros(5, requires_grad=True)

    def forward(self, x):
        return x @ self.w.T + self.b


@impostor(
    "make_network",
    diagnosis="Tensors that require grad are no parameters until nn.Parameter wraps them.",
    aspect="device",
)
def keeps_plain_tensors():
    return _PlainTensors()


class _Buffers(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, 10))
        self.register_buffer("b", torch.zeros(5))

    def forward(self, x):
        return x @ self.w.T + self.b


@impostor("make_network", diagnosis="A bias in a buffer is moved, but not trained.")
def keeps_the_bias_in_a_buffer():
    return _Buffers()


_NETWORK = nn.Linear(10, 5)


@impostor("make_network", diagnosis="Each call returns the one network.", aspect="memory")
def returns_one_instance():
    return _NETWORK


@impostor("make_network", diagnosis="Each call wraps the one layer.", aspect="memory")
def wraps_one_layer():
    return nn.Sequential(_NETWORK)


_BIAS = nn.Parameter(torch.zeros(5))


@impostor("make_network", diagnosis="All networks share one bias.", aspect="memory")
def shares_the_bias():
    network = nn.Linear(10, 5)
    network.bias = _BIAS
    return network


@impostor("make_network", diagnosis="A copy begins with the weights of the original.")
def copies_one_network():
    return copy.deepcopy(_NETWORK)


@impostor("make_network", diagnosis="A seed inside the function repeats the weights.")
def seeds():
    torch.manual_seed(0)
    return nn.Linear(10, 5)


@impostor("make_network", diagnosis="All weights are zero.", aspect="values")
def begins_with_zeros():
    network = nn.Linear(10, 5)
    nn.init.zeros_(network.weight)
    return network


@impostor("make_network", diagnosis="The weights are the same in every network.", aspect="values")
def begins_with_the_identity():
    network = nn.Linear(10, 5)
    nn.init.eye_(network.weight)
    return network


@impostor("make_network", diagnosis="The weight is frozen.", aspect="structure")
def freezes_the_weight():
    network = nn.Linear(10, 5)
    network.weight.requires_grad_(False)
    return network


@impostor("make_network", diagnosis="The bias is frozen.", aspect="structure")
def freezes_the_bias():
    network = _Own()
    network.b.requires_grad = False
    return network


@impostor("make_network", diagnosis="There are two linear layers.", aspect="structure")
def has_two_layers():
    return nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 5))


class _Scaled(_Layer):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.layer(x) * self.scale


@impostor("make_network", diagnosis="A third parameter scales the output.", aspect="structure")
def scales_the_output():
    return _Scaled()


class _Spare(_Layer):
    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(5, 5).requires_grad_(False)


@impostor("make_network", diagnosis="A second layer is there and never used.", aspect="structure")
def has_a_spare_layer():
    return _Spare()


class _Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(10, 5))
        self.b = nn.Parameter(torch.zeros(5))

    def forward(self, x):
        return x @ self.w + self.b


@impostor("make_network", diagnosis="W has the shape (10, 5), not (5, 10).", aspect="structure")
def keeps_the_transpose():
    return _Transposed()


class _RowBias(_Own):
    def __init__(self):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(1, 5))


@impostor("make_network", diagnosis="The bias has the shape (1, 5), not (5,).")
def has_a_row_as_bias():
    return _RowBias()


@impostor("make_network", diagnosis="The class itself is returned.", aspect="type")
def returns_the_class():
    return _Layer


@impostor(
    "make_network", diagnosis="A function is returned, which has no parameters.", aspect="type"
)
def returns_a_function():
    layer = nn.Linear(10, 5)
    return lambda x: layer(x)


class _NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(10, 5)


@impostor("make_network", diagnosis="The module has no forward.", aspect="type")
def has_no_forward():
    return _NoForward()


class _NoReturn(_Layer):
    def forward(self, x):
        self.layer(x)


@impostor("make_network", diagnosis="forward returns nothing.", aspect="type")
def forgets_to_return():
    return _NoReturn()


@impostor(
    "make_network", diagnosis="Dropout sets features to zero while training.", aspect="values"
)
def drops_features():
    return nn.Sequential(nn.Dropout(0.1), nn.Linear(10, 5))


@impostor("make_network", diagnosis="A batch norm without parameters still rescales x.")
def normalizes_the_batch():
    return nn.Sequential(nn.BatchNorm1d(10, affine=False), nn.Linear(10, 5))


class _MadeInForward(nn.Module):
    def forward(self, x):
        self.layer = nn.Linear(10, 5).to(x.device)
        return self.layer(x)


@impostor("make_network", diagnosis="Each forward makes a new layer.", aspect="values")
def makes_the_layer_in_forward():
    return _MadeInForward()


class _Detached(_Layer):
    def forward(self, x):
        return self.layer(x).detach()


@impostor("make_network", diagnosis="The output is cut off from the graph.", aspect="gradient")
def detaches_the_output():
    return _Detached()


class _DetachedInput(_Layer):
    def forward(self, x):
        return self.layer(x.detach())


@impostor("make_network", diagnosis="x is cut off from the graph.", aspect="gradient")
def detaches_x():
    return _DetachedInput()


class _Data(_Own):
    def forward(self, x):
        return functional.linear(x, self.w.data, self.b)


@impostor("make_network", diagnosis=".data hides W from autograd.", aspect="gradient")
def hides_the_weight():
    return _Data()


class _Copied(_Own):
    def __init__(self):
        super().__init__()
        self.register_buffer("t", self.w.detach().T.clone())

    def forward(self, x):
        return x @ self.t + self.b


@impostor("make_network", diagnosis="forward uses a copy of W made in __init__.", aspect="values")
def computes_with_a_copy():
    return _Copied()


class _View(_Own):
    def __init__(self):
        super().__init__()
        self.t = self.w.T

    def forward(self, x):
        return x @ self.t + self.b


@impostor(
    "make_network", diagnosis="A view made in __init__ stays where it was when W moves to a device."
)
def computes_with_an_old_view():
    return _View()


class _Flat(_Layer):
    def forward(self, x):
        return self.layer(x.reshape(-1, 10))


@impostor("make_network", diagnosis="All leading dimensions become one.", aspect="shape")
def flattens_the_batch():
    return _Flat()


@impostor("make_network", diagnosis="nn.Flatten merges all dimensions behind the first.")
def begins_with_flatten():
    return nn.Sequential(nn.Flatten(), nn.Linear(10, 5))


class _Squeezed(_Layer):
    def forward(self, x):
        return self.layer(x).squeeze()


@impostor("make_network", diagnosis="squeeze drops every dimension of size 1.", aspect="shape")
def squeezes():
    return _Squeezed()


class _ByBatch(_Own):
    def forward(self, x):
        return torch.addmm(self.b, x, self.w.T)


@impostor("make_network", diagnosis="addmm takes matrices alone, not one x or many batches.")
def takes_batches_only():
    return _ByBatch()


@impostor("make_network", diagnosis="A convolution keeps W as (5, 10, 1).")
def convolves():
    return nn.Sequential(nn.Unflatten(-1, (10, 1)), nn.Conv1d(10, 5, 1), nn.Flatten(-2))


@impostor("make_network", diagnosis="weight_norm splits W into two parameters.", aspect="structure")
def splits_the_weight():
    return parametrizations.weight_norm(nn.Linear(10, 5))


@impostor("make_network", diagnosis="spectral_norm divides W by a number first.", aspect="values")
def divides_the_weight():
    return parametrizations.spectral_norm(nn.Linear(10, 5))


@impostor("make_network", diagnosis="float64 parameters do not take a float32 x.")
def is_float64():
    return nn.Linear(10, 5).double()


class _Half(_Layer):
    def forward(self, x):
        weight, bias = self.layer.weight.bfloat16(), self.layer.bias.bfloat16()
        return functional.linear(x.bfloat16(), weight, bias).float()


@impostor("make_network", diagnosis="bfloat16 has only about 3 decimal digits.", aspect="values")
def computes_in_bfloat16():
    return _Half()


class _ReturnsDouble(_Layer):
    def forward(self, x):
        return self.layer(x).double()


@impostor("make_network", diagnosis="The output is float64.", aspect="dtype")
def returns_float64():
    return _ReturnsDouble()


class _Subtracts(_Own):
    def __init__(self):
        super().__init__()
        nn.init.normal_(self.b)

    def forward(self, x):
        return x @ self.w.T - self.b


@impostor("make_network", diagnosis="The bias is subtracted.", aspect="values")
def subtracts_the_bias():
    return _Subtracts()


class _InPlace(_Own):
    def forward(self, x):
        result = x @ self.w.T + self.b
        if not x.requires_grad:
            x.zero_()
        return result


@impostor("make_network", diagnosis="forward writes into x.", aspect="memory")
def writes_into_x():
    return _InPlace()


@alternative("make_network")
def sequential():
    return nn.Sequential(nn.Linear(10, 5))


@alternative("make_network")
def module_of_its_own():
    return _Layer()


@alternative("make_network")
def own_parameters():
    return _Own()


@alternative("make_network")
def lazy_layer():
    return nn.LazyLinear(5)


@alternative("make_network")
def lazy_layer_inside():
    return nn.Sequential(OrderedDict(first=nn.Identity(), second=nn.LazyLinear(5)))


class _Inherited(nn.Linear):
    def __init__(self):
        super().__init__(10, 5)


@alternative("make_network")
def subclass_of_linear():
    return _Inherited()


class _LocalParts(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(10, 5)])
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.calls += 1
        for layer in self.layers:
            x = layer(x)
        return x


@alternative("make_network")
def module_list_and_buffer():
    return _LocalParts()


class _Dictionary(nn.Module):
    def __init__(self):
        super().__init__()
        weight = nn.init.xavier_uniform_(torch.empty(5, 10))
        self.p = nn.ParameterDict({"b": nn.Parameter(torch.zeros(5)), "w": nn.Parameter(weight)})

    def forward(self, x):
        return torch.einsum("...i,oi->...o", x, self.p["w"]) + self.p["b"]


@alternative("make_network")
def parameter_dictionary():
    return _Dictionary()


class _Sums(_Own):
    def forward(self, x):
        outputs = [(x * row).sum(-1) + number for row, number in zip(self.w, self.b)]
        return torch.stack(outputs, dim=-1)


@alternative("make_network")
def output_by_output():
    return _Sums()


class _Reshaped(_Own):
    def forward(self, x):
        rows = torch.addmm(self.b, x.reshape(-1, 10), self.w.T)
        return rows.reshape(*x.shape[:-1], 5)


@alternative("make_network")
def reshaped_rows():
    return _Reshaped()


class _InDouble(_Own):
    def forward(self, x):
        return functional.linear(x.double(), self.w.double(), self.b.double()).float()


@alternative("make_network")
def computed_in_float64():
    return _InDouble()


class _LazyParameters(nn.Module):
    def forward(self, x):
        if not hasattr(self, "w"):
            self.w = nn.Parameter(torch.rand(5, x.shape[-1]) - 0.5)
            self.b = nn.Parameter(torch.rand(5))
        return (self.w @ x.unsqueeze(-1)).squeeze(-1) + self.b


@alternative("make_network")
def parameters_at_the_first_call():
    return _LazyParameters()


@alternative("make_network")
def other_beginning():
    network = nn.Linear(10, 5)
    nn.init.orthogonal_(network.weight, gain=100)
    nn.init.zeros_(network.bias)
    return network


@alternative("make_network")
def random_signs():
    network = nn.Linear(10, 5)
    with torch.no_grad():
        network.weight.copy_(torch.randint(0, 2, (5, 10)) * 2 - 1)
        network.bias.fill_(1)
    return network


@alternative("make_network")
def weights_from_numpy():
    network = _Layer()
    weight = np.random.default_rng().normal(size=(5, 10)).astype("float32")
    network.layer.weight = nn.Parameter(torch.from_numpy(weight))
    return network


@alternative("make_network")
def without_an_effect_around_it():
    return nn.Sequential(nn.Dropout(0.0), nn.Identity(), nn.Linear(10, 5), nn.Flatten(0, 0)).eval()


@alternative("make_network")
def on_the_gpu_where_there_is_one():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return nn.LazyLinear(5, device=device)


@alternative("make_network")
def one_layer_under_two_names():
    network = _Layer()
    network.again = network.layer
    return network


@alternative("make_network")
def initialised_afterwards():
    network = nn.Linear(10, 5, device="meta").to_empty(device="cpu")
    network.reset_parameters()
    return network


class _Unchanged(nn.Module):
    def forward(self, weight):
        return weight


@alternative("make_network")
def parametrized_by_itself():
    network = nn.Linear(10, 5)
    parametrize.register_parametrization(network, "weight", _Unchanged())
    return network
