"""Set random entries to 0 while a network trains.

A network that may lose any of its numbers at any time cannot rely on a single one of them. What is
left is scaled up, so that the expected value of each entry stays, and nothing has to be done in
eval mode. GPT-2 (Hugging Face's transformers) has a dropout of 0.1 after each attention and each
MLP; LoRA (peft) has one before its small matrices.

    drop = Dropout(0.25)
    drop(tensor([3., 6., 9., 3.]))    ->  such as [4., 8., 0., 4.], and others at the next call
    drop.eval()
    drop(tensor([3., 6., 9., 3.]))    ->  [3., 6., 9., 3.]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
