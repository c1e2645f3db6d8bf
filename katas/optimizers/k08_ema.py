"""Keep a moving average of a model's weights, and look at the model with these.

The weights of a training jump about; their average over the last steps lies calmer, and is often
the better model. Diffusion models are sampled with it: diffusers has it as `EMAModel`, timm as
`ModelEmaV3`.

    model = nn.Linear(1, 1, bias=False)     with the weight 1.0
    ema = EMA(model, decay=0.75)
    the weight becomes 5.0; ema.update()    ->  the average is 0.75 * 1.0 + 0.25 * 5.0 = 2.0
    with ema.averaged(): model.weight       ->  2.0, and 5.0 again behind the block

What holds for every kata stands in katas/README.md.
"""

from contextlib import AbstractContextManager
from typing import Any

from torch import Tensor, nn


class EMA:
    """A moving average of the parameters of a model, and a copy of its buffers.

    It begins with the values that the model has when it is made: these are the first averages.

    Args:
        model: any module. Its parameters are float32, float64, float16 or bfloat16, also mixed, of
            any shape and strides; its buffers have any dtype, and all are in its state_dict. It
            stays on its device, and keeps its parameters and buffers: the same objects.
        decay: a float from 0 to 1: how much of the old average is kept.

    Raises:
        ValueError: decay is below 0 or above 1.

    Exactly:
        All parameters have an average, frozen ones (requires_grad=False) too. A parameter with two
        names (a tied one) is one parameter, and is averaged once in each update.

        An average has the dtype and device of its parameter; those of float16 and bfloat16 are
        float32, since small changes would be lost in 16 bits. It shares no memory with the model,
        and autograd records nothing. float32 averages are right within 1e-5, float64 within 1e-12.
    """

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        """Take copies of the parameters and buffers, and leave the model as it is."""
        raise NotImplementedError

    def update(self) -> None:
        """Let each average become decay * average + (1 - decay) * parameter.

        Buffers are not averaged: the kept one becomes a copy of what the model's buffer holds now.
        The model stays as it is. This is called after each step of the optimizer, in whatever mode
        (train or eval) the model is.
        """
        raise NotImplementedError

    def averaged(self) -> AbstractContextManager[Any]:
        """A context in which the model holds the averages, and the kept buffers.

        They are written into the memory of the parameters and buffers, which stay the same objects:
        optimizers and views go on with them. Averages are rounded to the dtype of the parameter.

        Behind the block the model holds exactly what it held before, to the last bit, whatever was
        written into it inside. This is also so if the block ends by an exception, by Ctrl-C
        (KeyboardInterrupt) too; the exception goes on.

        Mode, .grad and requires_grad are left alone, and torch's grad mode inside the block is what
        it was before: gradients can be taken there. The averages stay, and the context can be used
        again; it is not nested, and update is not called inside.
        """
        raise NotImplementedError

    def state_dict(self) -> dict[str, Tensor]:
        """Return copies of the averages and kept buffers, under the keys of model.state_dict().

        A tied parameter or buffer has all its keys. Averages have their own dtype, float32 for 16
        bits. No later update changes what came back.
        """
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Copy averages and buffers in, from what state_dict of an EMA of such a model returned.

        The model itself stays as it is. `state` may lie on another device, stays as it is, and
        shares no memory with what is kept.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
