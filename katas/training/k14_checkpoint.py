"""Save a training run into a file, and go on from it as if nothing had happened.

A run that is stopped after days must not begin again. So Lightning and the Trainer of Hugging
Face's Transformers write such a file from time to time, with the state of the optimizer and of the
random generators too: a run that has lost these goes on in another way.

    save_checkpoint("run.pt", model, optimizer, scheduler, step=300)
    # later, in a new process, with a model, an optimizer and a scheduler that are built alike
    step = load_checkpoint("run.pt", model, optimizer, scheduler)  ->  300

What holds for every kata stands in katas/README.md.
"""

from pathlib import Path

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    step: int,
) -> None:
    """Save all that a training run needs to go on into one file.

    Into the file go the state_dicts of model, optimizer and scheduler, the step, and the states of
    three random generators: torch's on the CPU, Python's (`random`) and NumPy's (`np.random`).

    Args:
        path: the file; its folder exists. An older file may be there.
        model: any module.
        optimizer: an optimizer of torch.optim, or one that behaves alike.
        scheduler: a scheduler of torch.optim.lr_scheduler, or None if there is none.
        step: how many steps the run has taken.

    Raises:
        Exception: what torch.save raises, for example where a state holds what cannot be pickled.

    Exactly:
        `torch.load(path, weights_only=True)` reads the file, as torch is by default: no further
        classes need be allowed. What stands where in the file is up to you.

        At every moment there is a whole file at path, the old one or the new one, if there was one
        before. The new file is finished under another name in the same folder, and then takes the
        place of the old one. The old file itself is never written to: whoever has opened it reads
        it to its end.

        Where saving fails, the exception goes on to the caller, the old file is as before, and
        there is no other file. Where it succeeds, there is no other file than the new one either.
        Other files in the folder stay as they are.

        Model, optimizer, scheduler and the three generators stay as they are. path is not a
        symbolic link, and nobody else writes in its folder.
    """
    raise NotImplementedError


def load_checkpoint(
    path: str | Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler | None
) -> int:
    """Put everything back that `save_checkpoint` has saved; return the step.

    Afterwards the run goes on to the last bit as it would have gone on after it was saved.

    Args:
        path: the file.
        model, optimizer, scheduler: objects that are built like those that were saved, perhaps
            trained further. scheduler is None where it was None.

    Returns:
        The step, an int.

    Raises:
        Exception: what `torch.load(path, weights_only=True)` raises, for example where the file is
            missing, is broken, or holds objects of other classes than tensors and plain data.

    Exactly:
        The objects are loaded in place: the Parameters are the same objects in the same memory
        as before, and so are the buffers. Modes, requires_grad, .grad and hooks stay as they are.
        The states of the three generators are as they were when the file was saved. The file stays
        as it is, and can be loaded again.

        Where `torch.load(path, weights_only=True)` raises, the model, the optimizer, the scheduler
        and the generators stay as they are, and no code that the file names is executed.

        The generators of a GPU are not looked at. Model and optimizer are on the CPU.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
