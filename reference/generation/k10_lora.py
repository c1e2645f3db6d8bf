"""Adapt a linear layer with two small matrices, and leave its own weight as it is.

A has rank rows and B has rank columns, so B·A has at most that rank, whatever is learnt. From the
right, (x·Aᵀ)·Bᵀ takes two small products; B·A first would make a matrix as large as the weight at
each step. B begins with zeros, so that the layer does at first what it did before. A must not be
zero too, since the gradient of each is a product with the other one: both would stay zero for ever.

The change is scaled by alpha / rank. So a learning rate that fits one rank fits another one too.
`merge` writes under `no_grad` into the memory of the weight: the optimizer, tied layers and
whoever else holds the Parameter see it. In practice one calls `get_peft_model(model,
LoraConfig(...))` of PEFT, and `merge_and_unload()` in the end.
"""

import torch

HINTS = (
    "Which numbers train here? All others are frozen with `requires_grad_(False)`.",
    "`torch.empty(rank, in_features).uniform_(-bound, bound)` takes a dtype and a device, too.",
    "linear(x) + alpha / rank * (x @ A.T) @ B.T, and linear(x) alone once it is merged.",
    "Under `torch.no_grad()`, `self.linear.weight.add_(...)` keeps the Parameter and its memory.",
    "`merged` says whether there is something to do, and what forward has to add.",
)


class LoRALinear(torch.nn.Module):
    """linear(x) + alpha / rank * x·Aᵀ·Bᵀ, of which only A and B are trained.

    All of torch's layers and functions may be used.

    Attributes:
        linear: the given layer, the object itself; its Parameters are frozen.
        lora_A: the Parameter A, of shape (rank, in_features).
        lora_B: the Parameter B, of shape (out_features, rank).
        merged: True while the weight of `linear` holds the change too, else False.
    """

    def __init__(self, linear: torch.nn.Linear, rank: int, alpha: float) -> None:
        """Keep the layer, freeze it, and make A and B.

        A holds uniform random numbers between -1/sqrt(in_features) and 1/sqrt(in_features), and B
        zeros. A new layer is not merged.

        Args:
            linear: a `torch.nn.Linear`, with a bias or without one. Its Parameters stay the same
                objects with the same numbers; their requires_grad becomes False, that of the bias
                too.
            rank: how many rows A has; at least 1, and it may be larger than both sizes of linear.
            alpha: any finite number.

        Raises:
            ValueError: rank is below 1. Then nothing has changed, and linear is not frozen.

        Exactly:
            A and B have the dtype and the device of `linear.weight`, and require grad. The keys of
            the state_dict are `linear.weight`, `linear.bias` if there is one, `lora_A` and
            `lora_B`. There are no other parameters and no buffers. The numbers of A come from
            torch's generator for that device: two layers differ, and after the same
            `torch.manual_seed` they are equal.
        """
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank is {rank}; expected 1 or more")
        weight = linear.weight
        bound = linear.in_features**-0.5
        like = {"dtype": weight.dtype, "device": weight.device}
        self.linear = linear.requires_grad_(False)
        self.lora_A = torch.nn.Parameter(
            torch.empty(rank, linear.in_features, **like).uniform_(-bound, bound)
        )
        self.lora_B = torch.nn.Parameter(torch.zeros(linear.out_features, rank, **like))
        self.scale = alpha / rank
        self.merged = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """linear(x) + alpha / rank * x·Aᵀ·Bᵀ; while the layer is merged, linear(x) alone.

        linear(x) is x·Wᵀ + b, with `linear.weight` and `linear.bias`.

        Args:
            x: shape (..., in_features), any strides, of the dtype of the parameters: float32 or
                float64. There may be any number of other dimensions, none too.

        Returns:
            A new tensor of shape (..., out_features), of x's dtype and on its device. Gradients
            reach x, A and B: x by both terms. None reaches the Parameters of linear.

        Exactly:
            A result may be off by 1e-4 of its largest number in float32, and by 1e-9 in float64,
            and so may a gradient. While the layer is merged, no gradients are looked at.

            Each call uses the parameters that the layer holds then, whether they were trained,
            loaded, moved, converted, or exchanged. In train and in eval mode it does the same, and
            a call changes nothing. Whether `linear` itself is called is up to you.
        """
        if self.merged:
            return self.linear(x)
        return self.linear(x) + self.scale * (x @ self.lora_A.T) @ self.lora_B.T

    def merge(self) -> None:
        """Add alpha / rank * B·A to `linear.weight`, in place; on a merged layer, do nothing.

        From then on forward gives the same as before, within rounding, without A and B.

        Exactly:
            `linear.weight` is the same Parameter in the same memory, frozen still, and no part of
            autograd's graph. Nothing else changes but `merged`: A, B and the bias stay. It works
            with grad mode on or off. `train()`, `eval()` and forward neither merge nor unmerge.

            A and B are not changed, and nothing is loaded or converted, while the layer is merged.
            But a merged layer may be copied (`copy.deepcopy`) and moved (`to` a device): there, it
            is merged as well.
        """
        if not self.merged:
            with torch.no_grad():
                self.linear.weight.add_(self.lora_B @ self.lora_A, alpha=self.scale)
            self.merged = True

    def unmerge(self) -> None:
        """Take that change out of `linear.weight` again, in place; if not merged, do nothing.

        The weight is as it was before `merge`, within rounding. Later on A and B may be trained
        further, and merged again.
        """
        if self.merged:
            with torch.no_grad():
                self.linear.weight.sub_(self.lora_B @ self.lora_A, alpha=self.scale)
            self.merged = False
