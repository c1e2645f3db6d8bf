"""Send each token to a few of many experts, and see to it that all of them are busy.

A large network has more parameters to learn with, but costs more for each token. In a mixture of
experts each token runs through a few small networks only, which a router chooses for it. Mixtral
8x7B takes 2 of 8 experts for each token, DeepSeek-V3 takes 8 of 256. So that the router does not
send all tokens to the same experts, a second loss is added to that of the model; this one is from
the Switch Transformer. `load_balancing_loss_func` of transformers is this one times top_k.

    moe = MixtureOfExperts(1, [torch.nn.Identity(), torch.nn.ReLU()], top_k=2)
    moe.router.weight.data = tensor([[0.], [1.]])
    x = tensor([[-1.0986]])           # scores 0 and -1.0986, so p is [0.75, 0.25]
    moe(x)                            ->  [[-0.8239]], 1.0: of -1.0986 * 0.75 + 0 * 0.25
    # with top_k=1                    ->  [[-1.0986]], 1.5: of the first expert alone

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

import torch


class MixtureOfExperts(torch.nn.Module):
    """Experts, of which each row runs through top_k, and a router that chooses them.

    All of torch's layers and functions may be used.
    """

    def __init__(self, dim: int, experts: Sequence[torch.nn.Module], top_k: int) -> None:
        """Keep the experts, and make the router.

        `experts` is kept so that the modules are called `experts.0`, `experts.1` and so on, as in a
        `torch.nn.ModuleList`: the given objects themselves, not copies. They stay as they are:
        their numbers, modes and hooks. The router has one parameter, `router.weight`, of shape
        (E, dim) with E the number of experts: float32, with finite initial values of your choice,
        and it requires grad. There are no other parameters, and no more keys in the state_dict.

        Args:
            dim: the size of the last dimension of x, at least 1.
            experts: a list or tuple of modules. An expert takes a tensor of shape (n, dim), and
                returns one of the same shape, row by row: the result of a row does not depend on
                the other rows. It writes nothing into what it gets.
            top_k: how many experts each row runs through.

        Raises:
            ValueError: top_k is less than 1 or more than E. It is raised when the object is made.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run each row of x through the experts that the router chooses for it.

        A row is the last dimension of x; there are N of them. The scores of a row are its products
        with the E rows of router.weight, and p, shape (N, E), is their softmax over the E experts.
        A row chooses the top_k experts with the largest p. Its result is the sum of what these
        make of the row, each multiplied by its weight: its p, divided by the sum of the p of the
        top_k that were chosen. So the weights of a row add up to 1.

        The loss is E * (f[0] * P[0] + ... + f[E-1] * P[E-1]), where f[e] is the share of expert e
        in all N * top_k choices, and P[e] is the mean of p[:, e] over all N rows, chosen or not.
        It is 1 if all experts are chosen equally often, and more if those with a large p are
        chosen more often.

        Args:
            x: shape (..., dim), any strides, of the dtype of the parameters: float32, or float64
                after `double()`. There may be any number of other dimensions, none too; all sizes
                are at least 1.

        Returns:
            A tuple of two new tensors of x's dtype and on its device: the result, of x's shape, and
            the loss, with no dimension. Gradients reach x, router.weight and the parameters of the
            experts. The result has them by the experts and by the weights, the loss by P alone,
            since f is made of counts.

        Exactly:
            An expert is called as a module, so that its hooks run, with rows of shape (n, dim), in
            any order and in one call or several. It gets the rows that have chosen it and no
            others, each of them once; so together the experts are given N * top_k rows. One that no
            row has chosen is not called, or with n = 0, and its parameters get the gradient 0 or
            None.

            The number of operations, and of numbers read by Python, does not grow with N.

            Where p is equal for two experts, or nearly so, what is chosen is not looked at. train()
            and eval() reach the experts; the mixture itself does the same in both modes.

            Results and gradients may be off by this part of their largest number, or of 1 if that
            is larger: 1e-4 in float32, 1e-9 in float64. The scores of the router may be up to
            10,000 in size. Beyond 100, 1 % is enough for the results, and gradients need only be
            finite.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
