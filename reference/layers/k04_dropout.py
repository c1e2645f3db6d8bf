"""Set random entries to 0 while a network trains.

An entry is kept with the probability 1 - p and divided by 1 - p, so its expected value is x. This
is "inverted" dropout: the first paper scaled in eval mode instead, which each use of a trained
network would have to know. With p = 1 nothing is kept, and 0 / 0 would be NaN: there the factor
is 0.

A product with a mask has the right gradient by itself, since autograd multiplies by the same mask.

In practice one calls `torch.nn.Dropout`, or `F.dropout(x, p, self.training)`.
"""

import torch

HINTS = (
    "`self.training` says which mode it is; a module has it from `nn.Module`.",
    "How many numbers have to be drawn? As many as x has, whatever its shape.",
    "`torch.rand(x.shape, device=x.device) >= p` is True with the probability 1 - p.",
    "What does 1 / (1 - p) do to zeros, when p is 1? And to their gradient?",
)


class Dropout(torch.nn.Module):
    """Sets random entries to 0 in train mode.

    It is made of other operations: torch's own dropouts (`dropout`, `dropout1d` to `dropout3d`,
    `alpha_dropout`, `feature_dropout`, `native_dropout`), under whatever name and by way of
    whatever layer, are forbidden, forward and backward.
    """

    def __init__(self, p: float = 0.5) -> None:
        """Keep p.

        Args:
            p: the probability with which an entry becomes 0: from 0 to 1, both allowed. The
                attribute `p` holds it, and each call reads it there, so it may be changed later.

        Raises:
            ValueError: p is below 0 or above 1.

        Exactly:
            There are no parameters and no buffers: the state_dict is empty. Nothing is drawn.
        """
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, from 0 to 1; got {p}")
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop entries of x in train mode; give x in eval mode.

        In train mode each entry by itself is 0 with the probability p, and else x / (1 - p). All
        entries are drawn independently of each other, and anew at each call. With p = 0, x comes
        out; with p = 1 there are only zeros.

        In eval mode x comes out, and nothing is drawn.

        Args:
            x: any shape, 0-d and empty too, any strides; float32, float64, float16 or bfloat16; all
                its numbers are finite. It stays as it is.

        Returns:
            A tensor of x's shape, dtype and device. It is a new one, but in eval mode and with
            p = 0 whether it is x itself, a view or a copy is up to you.

        Exactly:
            Entries are drawn from torch's global generator: the same seed gives the same zeros.
            The probability is p itself in each dtype, for p near 0 and 1 too. In bfloat16 there are
            only 256 random numbers from 0 to 1, and 0.998 is 1: so draw in float32.

            Gradients reach x by the same factors: 0 where the entry was dropped, 1 / (1 - p) where
            it was kept, and 1 in eval mode. With p = 1 the result is tracked like any other, and
            its gradient is 0. float64 makes no detour by float32.
        """
        if not self.training:
            return x
        is_kept = torch.rand(x.shape, device=x.device) >= self.p
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        return x * (is_kept.to(x.dtype) * scale)
