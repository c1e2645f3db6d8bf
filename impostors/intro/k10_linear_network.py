"""Wrong and right answers to intro/k10_linear_network."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

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


@impostor(
    "make_network",
    diagnosis="It leaves the bias out, so that an x of zeros always gives zeros.",
    aspect="structure",
)
def leaves_out_the_bias():
    return nn.Linear(10, 5, bias=False)


@impostor(
    "make_network",
    diagnosis="It goes from 5 features to 10: nn.Linear takes the size of the input first.",
    aspect="structure",
)
def swaps_the_sizes():
    return nn.Linear(5, 10)


@impostor(
    "make_network",
    diagnosis="It ends in a relu, which replaces all negative outputs by 0.",
    aspect="values",
)
def ends_in_relu():
    return nn.Sequential(nn.Linear(10, 5), nn.ReLU())


@impostor(
    "make_network",
    diagnosis="It ends in a softmax, which turns the outputs into shares of 1.",
    aspect="values",
)
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
    diagnosis="It keeps its layer in a list, or its numbers in plain tensors: no parameters.",
    aspect="structure",
)
def keeps_the_layer_in_a_list():
    return _InAList()


_NETWORK = nn.Linear(10, 5)


@impostor(
    "make_network",
    diagnosis="It returns one and the same network at each call, instead of a new one.",
    aspect="memory",
)
def returns_one_instance():
    return _NETWORK


@impostor(
    "make_network",
    diagnosis="It puts one and the same layer into each network: training one trains all.",
    aspect="memory",
)
def wraps_one_layer():
    return nn.Sequential(_NETWORK)


@impostor(
    "make_network",
    diagnosis="It begins each network with the same weights, as a seed inside the function does.",
    aspect="values",
)
def seeds():
    torch.manual_seed(0)
    return nn.Linear(10, 5)


@impostor(
    "make_network",
    diagnosis="It begins with weights that are all zero, not random.",
    aspect="values",
)
def begins_with_zeros():
    network = nn.Linear(10, 5)
    nn.init.zeros_(network.weight)
    return network


@impostor(
    "make_network",
    diagnosis="It draws the weights of one output only, and begins all five with them.",
    aspect="values",
)
def repeats_one_row():
    network = _Own()
    network.w = nn.Parameter(torch.randn(10).repeat(5, 1))
    return network


@impostor(
    "make_network",
    diagnosis="It freezes the bias, which was to be trained as well.",
    aspect="structure",
)
def freezes_the_bias():
    network = _Own()
    network.b.requires_grad = False
    return network


@impostor(
    "make_network",
    diagnosis="It has a second linear layer before the one that was asked for.",
    aspect="structure",
)
def has_two_layers():
    return nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 5))


class _Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(10, 5))
        self.b = nn.Parameter(torch.zeros(5))

    def forward(self, x):
        return x @ self.w + self.b


@impostor(
    "make_network",
    diagnosis="It keeps W the other way round, as (10, 5), not with a row for each output.",
    aspect="structure",
)
def keeps_the_transpose():
    return _Transposed()


class _RowBias(_Own):
    def __init__(self):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(1, 5))


@impostor(
    "make_network",
    diagnosis="It gives its bias the shape (1, 5), which adds a dimension to the output for one x.",
    aspect="structure",
)
def has_a_row_as_bias():
    return _RowBias()


@impostor(
    "make_network",
    diagnosis="It returns the class, without calling it, and so makes no network.",
    aspect="type",
)
def returns_the_class():
    return _Layer


class _NoReturn(_Layer):
    def forward(self, x):
        self.layer(x)


@impostor(
    "make_network",
    diagnosis="It has a forward that computes the output but does not return it.",
    aspect="type",
)
def forgets_to_return():
    return _NoReturn()


@impostor(
    "make_network",
    diagnosis="It drops features out while training, which was not asked for.",
    aspect="values",
)
def drops_features():
    return nn.Sequential(nn.Dropout(0.1), nn.Linear(10, 5))


class _MadeInForward(nn.Module):
    def forward(self, x):
        self.layer = nn.Linear(10, 5).to(x.device)
        return self.layer(x)


@impostor(
    "make_network",
    diagnosis="It makes a new layer at each forward, so that nothing it learns can stay.",
    aspect="values",
)
def makes_the_layer_in_forward():
    return _MadeInForward()


class _Detached(_Layer):
    def forward(self, x):
        return self.layer(x).detach()


@impostor(
    "make_network",
    diagnosis="It cuts its output off from autograd, so that no gradient reaches anything.",
    aspect="gradient",
)
def detaches_the_output():
    return _Detached()


class _DetachedInput(_Layer):
    def forward(self, x):
        return self.layer(x.detach())


@impostor(
    "make_network",
    diagnosis="It cuts x off from autograd, so that layers before it could not be trained.",
    aspect="gradient",
)
def detaches_x():
    return _DetachedInput()


class _Copied(_Own):
    def __init__(self):
        super().__init__()
        self.register_buffer("t", self.w.detach().T.clone())

    def forward(self, x):
        return x @ self.t + self.b


@impostor(
    "make_network",
    diagnosis="It computes with a copy of W from the beginning, so that training has no effect.",
    aspect="values",
)
def computes_with_a_copy():
    return _Copied()


class _View(_Own):
    def __init__(self):
        super().__init__()
        self.t = self.w.T

    def forward(self, x):
        return x @ self.t + self.b


@impostor(
    "make_network",
    diagnosis="It computes with a tensor that is no parameter, and so is not moved to the device.",
    aspect="device",
)
def computes_with_an_old_view():
    return _View()


class _Flat(_Layer):
    def forward(self, x):
        return self.layer(x.reshape(-1, 10))


@impostor(
    "make_network",
    diagnosis="It makes one dimension of all those before the last, instead of keeping them.",
    aspect="shape",
)
def flattens_the_batch():
    return _Flat()


class _Squeezed(_Layer):
    def forward(self, x):
        return self.layer(x).squeeze()


@impostor(
    "make_network",
    diagnosis="It squeezes the output, which drops every dimension of size 1.",
    aspect="shape",
)
def squeezes():
    return _Squeezed()


class _ByBatch(_Own):
    def forward(self, x):
        return torch.addmm(self.b, x, self.w.T)


@impostor(
    "make_network",
    diagnosis="It multiplies matrices only, though x may have one dimension, or three.",
    aspect="shape",
)
def takes_batches_only():
    return _ByBatch()


@impostor(
    "make_network",
    diagnosis="It has float64 parameters, which do not go together with a float32 x.",
    aspect="type",
)
def is_float64():
    return nn.Linear(10, 5).double()


class _Half(_Layer):
    def forward(self, x):
        weight, bias = self.layer.weight.bfloat16(), self.layer.bias.bfloat16()
        return functional.linear(x.bfloat16(), weight, bias).float()


@impostor(
    "make_network",
    diagnosis="It computes in bfloat16, which has only about 3 decimal digits.",
    aspect="values",
)
def computes_in_bfloat16():
    return _Half()


class _ReturnsDouble(_Layer):
    def forward(self, x):
        return self.layer(x).double()


@impostor(
    "make_network",
    diagnosis="It turns the output into float64, though x, W and b are float32.",
    aspect="dtype",
)
def returns_float64():
    return _ReturnsDouble()


class _InPlace(_Own):
    def forward(self, x):
        result = x @ self.w.T + self.b
        if not x.requires_grad:
            x.zero_()
        return result


@impostor(
    "make_network",
    diagnosis="It writes into x, which belongs to the caller.",
    aspect="memory",
)
def writes_into_x():
    return _InPlace()


class _NotTrackedInEval(_Layer):
    def forward(self, x):
        with torch.set_grad_enabled(self.training):
            return self.layer(x)


@impostor(
    "make_network",
    diagnosis="It records nothing in eval mode; whether to record is for no_grad to say.",
    aspect="gradient",
)
def records_nothing_in_eval_mode():
    return _NotTrackedInEval()


class _Decaying(_Layer):
    def forward(self, x):
        result = self.layer(x)
        if self.training:
            with torch.no_grad():
                self.layer.weight.mul_(0.99)
        return result


@impostor(
    "make_network",
    diagnosis="It changes W at each call, which is the business of an optimizer.",
    aspect="values",
)
def changes_its_weights():
    return _Decaying()


class _KeepsOutput(_Layer):
    last = None, None

    def forward(self, x):
        if self.last[0] is not x:
            self.last = x, self.layer(x)
        return self.last[1]


@impostor(
    "make_network",
    diagnosis="It keeps its output for x, which is out of date once W and b were trained.",
    aspect="values",
)
def keeps_its_output():
    return _KeepsOutput()


class _Viewed(_Layer):
    def forward(self, x):
        return self.layer(x.view(-1, 10)).view(*x.shape[:-1], 5)


@impostor(
    "make_network",
    diagnosis="view(-1, 10) fails for an x with other strides; nn.Linear takes any shape.",
    aspect="values",
)
def views_x_as_a_matrix():
    return _Viewed()


@impostor(
    "make_network",
    diagnosis="It draws one number for each output, and begins all ten columns of W with them.",
    aspect="values",
)
def repeats_one_column():
    network = _Own()
    network.w = nn.Parameter(torch.randn(5, 1).repeat(1, 10))
    return network


class _MatrixByMatrix(_Layer):
    def forward(self, x):
        return self.layer(x) if x.dim() < 3 else torch.stack([self.layer(matrix) for matrix in x])


@impostor(
    "make_network",
    diagnosis="It stacks the outputs of the parts of x, of which there may be none.",
    aspect="shape",
)
def stacks_parts():
    return _MatrixByMatrix()


class _MadeOnTheGpu(_Layer):
    def forward(self, x):
        place = "cuda" if torch.cuda.is_available() else "cpu"
        return self.layer(x) + torch.zeros(5, device=place)


@impostor(
    "make_network",
    diagnosis="It makes a tensor on the GPU wherever there is one; x, W and b may be on the CPU.",
    aspect="device",
)
def adds_zeros_from_the_gpu():
    return _MadeOnTheGpu()


# right answers


@alternative("make_network")
def sequential():
    return nn.Sequential(nn.Linear(10, 5))


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
def random_signs():
    network = nn.Linear(10, 5)
    with torch.no_grad():
        network.weight.copy_(torch.randint(0, 2, (5, 10)) * 2 - 1)
        network.bias.fill_(1)
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


class _Unchanged(nn.Module):
    def forward(self, weight):
        return weight


@alternative("make_network")
def parametrized_by_itself():
    network = nn.Linear(10, 5)
    parametrize.register_parametrization(network, "weight", _Unchanged())
    return network


class _InputByInput(_Own):
    def forward(self, x):
        result = self.b.expand(*x.shape[:-1], 5)
        for i in range(10):
            result = result + x[..., i : i + 1] * self.w[:, i]
        return result


@alternative("make_network")
def input_by_input():
    return _InputByInput()
