"""Make a random tensor.

`random_tensor` returns new random numbers at each call, drawn by torch itself. Whoever calls
`torch.manual_seed` beforehand can repeat them: this is how experiments are made reproducible.

    torch.manual_seed(0);  a = random_tensor();  b = random_tensor()
    a.shape     ->  torch.Size([2, 3, 4]);  a and b differ
    torch.manual_seed(0);  random_tensor()  ->  the numbers of a once more

What holds for every kata stands in katas/README.md.
"""

import torch


def random_tensor(device: str | torch.device = "cpu") -> torch.Tensor:
    """A new float32 tensor of shape (2, 3, 4), with random numbers that are uniform on [0, 1).

    Args:
        device: where the tensor shall lie, such as "cpu", "cuda" or `torch.device("cuda", 0)`.

    Returns:
        24 random numbers on `device`: other ones at each call, and the same ones after the same
        `torch.manual_seed`.

    Exactly:
        The numbers are independent and uniform on [0, 1): 0 may occur, 1 may not. They are
        drawn at each call from a global generator of torch, which `torch.manual_seed` seeds: for
        a tensor on a GPU, that of the CPU or that of the GPU. It is not seeded here.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
