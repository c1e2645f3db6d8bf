"""Wrong and right answers to layers/k10_swiglu."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the blocks below share: they differ from it in one place."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.gate_proj = nn.Linear(dim, hidden, bias=False)
        self.up_proj = nn.Linear(dim, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, dim, bias=False)

    def forward(self, x):
        return self.down_proj(self.middle(self.gate_proj(x), self.up_proj(x)))

    def middle(self, gate, up):
        return self.silu(gate) * up

    def silu(self, z):
        return z * torch.sigmoid(z)


@impostor(
    "SwiGLU",
    diagnosis="silu is taken of up(x); it is the gate that goes through silu.",
    aspect="values",
)
class BendsUp(Sound):
    def middle(self, gate, up):
        return gate * self.silu(up)


@impostor(
    "SwiGLU",
    diagnosis="silu is taken of the product gate(x) * up(x); only the gate goes through it.",
    aspect="values",
)
class BendsTheProduct(Sound):
    def middle(self, gate, up):
        return self.silu(gate * up)


@impostor(
    "SwiGLU",
    diagnosis="z / (1 + exp(-z)) has the gradient inf / inf, which is NaN, for z below -88.",
    aspect="gradient",
)
class DividesByAnExp(Sound):
    def silu(self, z):
        return z / (1 + torch.exp(-z))


@impostor(
    "SwiGLU",
    diagnosis="exp(z) / (1 + exp(z)) is inf / inf, which is NaN, for z above 88.",
    aspect="values",
)
class DividesTwoExps(Sound):
    def silu(self, z):
        return z * torch.exp(z) / (1 + torch.exp(z))


@impostor(
    "SwiGLU",
    diagnosis="z is clamped before the exp, so a gate below that has no gradient or a wrong value.",
    aspect="values",
)
class ClampsTheGate(Sound):
    def silu(self, z):
        z = z.clamp(-50, 50)
        return z / (1 + torch.exp(-z))


@impostor(
    "SwiGLU",
    diagnosis="The layers have biases; none of the three has one.",
    aspect="type",
)
class HasBiases(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        self.gate_proj = nn.Linear(dim, hidden)
        self.up_proj = nn.Linear(dim, hidden)
        self.down_proj = nn.Linear(hidden, dim)


@impostor(
    "SwiGLU",
    diagnosis="The gate is a sigmoid here, as in the first GLU; here it is silu, z * sigmoid(z).",
    aspect="values",
)
class GatesWithSigmoid(Sound):
    def silu(self, z):
        return torch.sigmoid(z)


@impostor(
    "SwiGLU",
    diagnosis="The gate goes through gelu, which makes a GEGLU; here it is silu.",
    aspect="values",
)
class GatesWithGelu(Sound):
    def silu(self, z):
        return functional.gelu(z)


@impostor(
    "SwiGLU",
    diagnosis="The gate goes through relu, which makes a ReGLU; here it is silu.",
    aspect="values",
)
class GatesWithRelu(Sound):
    def silu(self, z):
        return functional.relu(z)


@impostor(
    "SwiGLU",
    diagnosis="The gate is added to up(x); it is multiplied by it.",
    aspect="values",
)
class AddsTheGate(Sound):
    def middle(self, gate, up):
        return self.silu(gate) + up


@impostor(
    "SwiGLU",
    diagnosis="Only silu(gate(x)) goes to down_proj; up(x) is left out.",
    aspect="values",
)
class LeavesOutUp(Sound):
    def middle(self, gate, up):
        return self.silu(gate)


@impostor(
    "SwiGLU",
    diagnosis="One layer makes the gate and up(x), as vLLM has it; there should be two weights.",
    aspect="type",
)
class FusesTwoLayers(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.gate_up_proj = nn.Linear(dim, 2 * hidden, bias=False)
        self.down_proj = nn.Linear(hidden, dim, bias=False)

    def forward(self, x):
        gate, up = self.gate_up_proj(x).chunk(2, -1)
        return self.down_proj(functional.silu(gate) * up)


@impostor(
    "SwiGLU",
    diagnosis="The layers are called w1, w2 and w3, as in Meta's own Llama; here they have other"
    " names.",
    aspect="type",
)
class HasTheNamesOfMeta(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.w1 = nn.Linear(dim, hidden, bias=False)
        self.w2 = nn.Linear(hidden, dim, bias=False)
        self.w3 = nn.Linear(dim, hidden, bias=False)

    def forward(self, x):
        return self.w2(functional.silu(self.w1(x)) * self.w3(x))


@impostor(
    "SwiGLU",
    diagnosis="gate_proj and up_proj are one and the same layer; each has a weight of its own.",
    aspect="type",
)
class SharesALayer(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        self.up_proj = self.gate_proj


@impostor(
    "SwiGLU",
    diagnosis="up_proj begins as a copy of gate_proj; each weight is drawn for itself.",
    aspect="values",
)
class CopiesTheGate(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        self.up_proj.load_state_dict(self.gate_proj.state_dict())


@impostor(
    "SwiGLU",
    diagnosis="The weights are normal with the deviation 0.02, as transformers draws them; here"
    " they are uniform.",
    aspect="values",
)
class DrawsAsTransformers(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        for one in self.parameters():
            nn.init.normal_(one, 0.0, 0.02)


@impostor(
    "SwiGLU",
    diagnosis="down_proj is drawn with the bound of the other two; its own second size is hidden.",
    aspect="values",
)
class DrawsAllWithOneBound(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        for one in self.parameters():
            nn.init.uniform_(one, -(dim**-0.5), dim**-0.5)


@impostor(
    "SwiGLU",
    diagnosis="The gate is detached, so that gate_proj is never trained.",
    aspect="gradient",
)
class DetachesTheGate(Sound):
    def middle(self, gate, up):
        return self.silu(gate).detach() * up


@alternative("SwiGLU")
class WithSilu(Sound):
    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        self.act = nn.SiLU()

    def silu(self, z):
        return self.act(z)


@alternative("SwiGLU")
class ByTanh(Sound):
    def silu(self, z):
        half = z / 2
        return half * torch.tanh(half) + half


class _Weight(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter((torch.rand(rows, columns) * 2 - 1) * columns**-0.5)


@alternative("SwiGLU")
class ByParametersAndOneProduct(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.down_proj = _Weight(dim, hidden)
        self.up_proj = _Weight(hidden, dim)
        self.gate_proj = _Weight(hidden, dim)

    def forward(self, x):
        both = torch.cat([self.gate_proj.weight, self.up_proj.weight])
        gate, up = torch.einsum("...d,hd->...h", x, both).chunk(2, -1)
        bent = gate * torch.exp(functional.logsigmoid(gate))
        return torch.einsum("...h,dh->...d", bent * up, self.down_proj.weight)


class _Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * torch.sigmoid(z)

    @staticmethod
    def backward(ctx, slopes):
        (z,) = ctx.saved_tensors
        share = torch.sigmoid(z)
        return slopes * share * (1 + z * (1 - share))


@alternative("SwiGLU")
class WithABackwardOfItsOwn(Sound):
    def silu(self, z):
        return _Silu.apply(z)


@alternative("SwiGLU")
class ByAGatedUnit(Sound):
    def middle(self, gate, up):
        # F.glu multiplies its first half by the sigmoid of its second
        return functional.glu(torch.cat([gate * up, gate], -1), -1)
