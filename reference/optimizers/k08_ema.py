"""Keep a moving average of a model's weights, and look at the model with these.

`state_dict` has all that is needed under its keys, parameters and buffers, as tensors in the
model's own memory: to copy from them is an update, to copy into them is the context. bfloat16 has
8 bits: with a decay of 0.999 an average in it never moves, so 16 bits are averaged in float32. To
give the model other Parameters would be quicker, but the optimizer holds the old ones.

In practice one calls `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn`, which keeps
a second model, or the classes of diffusers and timm.
"""

from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

HINTS = (
    "model.state_dict() has parameters and buffers under their keys, in the model's own memory.",
    "Which of these are parameters? named_parameters(remove_duplicate=False) has all their names.",
    "Keep clones, in float32 where a parameter has 16 bits; buffers are only copied.",
    "p.copy_(average) under torch.no_grad() writes into the memory of p and rounds to its dtype.",
    "try and finally put the clones back that were made before, also after an exception.",
)


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
        if not 0 <= decay <= 1:
            raise ValueError(f"decay is {decay}; expected 0 to 1")
        self.decay = decay
        self.held = {key: one.detach() for key, one in model.state_dict().items()}
        self.averages = {key for key, _ in model.named_parameters(remove_duplicate=False)}
        self.kept = {
            key: (_wide(one) if key in self.averages else one).clone()
            for key, one in self.held.items()
        }

    def update(self) -> None:
        """Let each average become decay * average + (1 - decay) * parameter.

        Buffers are not averaged: the kept one becomes a copy of what the model's buffer holds now.
        The model stays as it is. This is called after each step of the optimizer, in whatever mode
        (train or eval) the model is.
        """
        for key, one in self.held.items():
            if key in self.averages:
                kept = self.kept[key]
                kept.mul_(self.decay).add_(one.to(kept.dtype), alpha=1 - self.decay)
            else:
                self.kept[key].copy_(one)

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
        return _exchanged(self.held, self.kept)

    def state_dict(self) -> dict[str, Tensor]:
        """Return copies of the averages and kept buffers, under the keys of model.state_dict().

        A tied parameter or buffer has all its keys. Averages have their own dtype, float32 for 16
        bits. No later update changes what came back.
        """
        return {key: one.clone() for key, one in self.kept.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Copy averages and buffers in, from what state_dict of an EMA of such a model returned.

        The model itself stays as it is. `state` may lie on another device, stays as it is, and
        shares no memory with what is kept.
        """
        for key, one in self.kept.items():
            one.copy_(state[key])


@contextmanager
def _exchanged(held, kept):
    before = {key: one.clone() for key, one in held.items()}
    try:
        for key, one in held.items():
            one.copy_(kept[key])
        yield
    finally:
        for key, one in held.items():
            one.copy_(before[key])


def _wide(tensor):
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
