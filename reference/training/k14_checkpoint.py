"""Save a training run into a file, and go on from it as if nothing had happened.

Adam remembers earlier gradients, and a scheduler counts; dropout and the order of the data come
from the generators. Without one of them the run goes on, only worse, and nobody sees why.
`load_state_dict` writes into the Parameters that the optimizer knows.

A file that pickle reads can run any code. `weights_only=True` refuses all but tensors and plain
data; NumPy's arrays are refused too, so its state is saved as a list.

To write takes time, and a run that is killed meanwhile leaves half a file. So the new file is
written beside the old one, on the same disk, and `replace` puts it in its place in one go.

In practice `trainer.save_checkpoint` of Lightning or `Accelerator.save_state` of Accelerate does
much of this, and `torch.distributed.checkpoint` saves models that lie on many GPUs.
"""

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

HINTS = (
    "What of a run changes from step to step? Model, optimizer, scheduler, and what is drawn.",
    "`torch.get_rng_state`, `random.getstate` and `np.random.get_state`: read them, and put back.",
    "`weights_only=True` refuses NumPy's arrays: turn the one in NumPy's state into a list.",
    "`torch.save` onto path destroys the old file first. Save beside it, then `os.replace` it.",
    "`finally` removes the file beside it, where something has failed.",
)


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
    kind, keys, *rest = np.random.get_state()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": None if scheduler is None else scheduler.state_dict(),
        "step": step,
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),
    }
    path = Path(path)
    beside = path.with_name(f"{path.name}.tmp")
    try:
        torch.save(state, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["torch"])
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    return state["step"]
