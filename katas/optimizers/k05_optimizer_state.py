"""Save what an optimizer remembers, and load it into another one.

Who stops a training and starts it again needs more than the weights. Adam without its averages
begins like a new one, and the loss jumps. So a checkpoint holds the state of the optimizer too:
nanoGPT saves it beside the model, and Hugging Face's Trainer writes it to optimizer.pt. It is kept
by positions, since in the next process the parameters are other objects.

    p, q = nn.Parameter(torch.tensor([1.])), nn.Parameter(torch.tensor([2.]))
    optimizer = torch.optim.SGD([p, q], lr=0.5, momentum=0.9)
    q.grad = torch.tensor([4.])
    optimizer.step()
    saved = save_state(optimizer)
    saved["state"]           ->  {1: {"momentum_buffer": tensor([4.])}}
    saved["param_groups"]    ->  [{"lr": 0.5, "momentum": 0.9, ..., "params": [0, 1]}]

What holds for every kata stands in katas/README.md.
"""

from typing import Any

from torch.optim import Optimizer


def save_state(optimizer: Optimizer) -> dict[str, Any]:
    """All that an optimizer keeps between steps, in the layout of `optimizer.state_dict()`.

    Positions count the parameters through all groups: with two in the first group, the second
    group begins with 2. Parameters without a state count too.

    Args:
        optimizer: any of torch.optim.SGD, RMSprop, Adam and AdamW; it stays as it is. No parameter
            comes twice, and a group may be empty.

    Returns:
        A new dict of plain dicts and lists, with two keys:

        - "state" maps the position of each parameter that has a state to this state, a dict. A
          parameter that has had no gradient yet has none, and no key.
        - "param_groups" is a list of dicts, one for each group. Each has all options of the group,
          under their names, and the list of the positions of its parameters under "params".

    Exactly:
        All tensors of the state are copied, with their numbers, shape, dtype and device; they share
        memory with nothing else. So later steps and other options leave the result as it is, and a
        change of the result leaves the optimizer as it is.

        Options are those that stand in the group at that moment, also those that someone has put
        there, such as the "initial_lr" of a scheduler: numbers, bools, strings, None, and tuples of
        these. The parameters themselves are not saved. `optimizer.state` gets no new keys; it makes
        an empty state when it is asked for one that is not there.

        `Optimizer.state_dict` and `Optimizer.load_state_dict` are not allowed, under whatever name.
        They read and write the same dicts, so each of the four functions works with the rest.
    """
    raise NotImplementedError


def load_state(optimizer: Optimizer, saved: dict[str, Any]) -> None:
    """Make an optimizer go on as the one went on whose state was saved.

    Args:
        optimizer: of the same class as the saved one. Its parameters agree with those of the saved
            one position by position, in shape, dtype and device. It may be new, or have taken steps
            with other options.
        saved: from save_state, or from `state_dict()` of another optimizer; it stays as it is, and
            can be loaded again.

    Raises:
        ValueError: the number of groups, or that of the parameters in some group, is not the one
            that was saved. Then nothing was changed.

    Exactly:
        Each group holds the saved options afterwards, and no others: an option that was not saved
        is gone. "params" still holds the same parameters, whose values, `.grad` and requires_grad
        stay. Whether the dicts of the groups are the same objects is up to you.

        `optimizer.state` holds the saved states and no others: a parameter whose position has no
        state begins as in a new optimizer. All tensors are copied, and keep the dtype that was
        saved: the step count of Adam is float32, whatever its parameter is. So later steps leave
        saved as it is, and two optimizers that have loaded it share nothing.

        With the same gradients, later steps give the same bits as those of the saved optimizer
        would.

        `Optimizer.state_dict` and `Optimizer.load_state_dict` are not allowed, under whatever name.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
