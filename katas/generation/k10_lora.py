"""Adapt a linear layer with two small matrices, and leave its own weight as it is.

To train a large model for a new task, LoRA freezes each weight W, and learns a change B·A of low
rank beside it. A layer with 4096 inputs and outputs has 16.8 million numbers; with rank 8, A and B
have 65,536. So gradients and the optimizer's state are small, and for each task only A and B are
saved. Before the model is used, the change can be added to W, so that it costs no time. Hugging
Face's PEFT, torchtune and loralib work so; QLoRA does it beside a weight of 4 bits.

    linear = torch.nn.Linear(2, 2, bias=False)    # with the weight [[1., 0.], [0., 1.]] in it
    layer = LoRALinear(linear, rank=2, alpha=4.)  # alpha / rank is 2
    layer(tensor([1., 2.]))                   ->  [1., 2.]    lora_B holds zeros: no change yet
    with lora_A [[1., 0.], [0., 1.]] and lora_B [[0., 1.], [0., 0.]]:
    layer(tensor([1., 2.]))                   ->  [5., 2.]
    layer.merge(); linear.weight              ->  [[1., 2.], [0., 1.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError

    def unmerge(self) -> None:
        """Take that change out of `linear.weight` again, in place; if not merged, do nothing.

        The weight is as it was before `merge`, within rounding. Later on A and B may be trained
        further, and merged again.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
