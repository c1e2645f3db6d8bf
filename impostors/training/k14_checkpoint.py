"""Wrong and right answers to training/k14_checkpoint."""
# ruff: noqa: BLE001, PTH100, PTH104, PTH105, PTH107, PTH108, PTH120, PTH123 - as learners write

import copy
import io
import os
import pickle
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def state_of(model, optimizer, scheduler, step):
    """What the reference saves."""
    kind, keys, *rest = np.random.get_state()
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": None if scheduler is None else scheduler.state_dict(),
        "step": step,
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),
    }


def write(state, path):
    """Save as the reference does."""
    beside = Path(f"{path}.tmp")
    try:
        torch.save(state, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def put_back(state, model, optimizer, scheduler):
    """Load as the reference does, from what is read."""
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["torch"])
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    return state["step"]


@impostor(
    "load_checkpoint",
    diagnosis="The state of the optimizer is not loaded: momentum and learning rate begin anew.",
    aspect="values",
)
def forgets_the_optimizer(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    state["optimizer"] = optimizer.state_dict()
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="The state of the scheduler is not loaded: it counts from its own steps.",
    aspect="values",
)
def forgets_the_scheduler(path, model, optimizer, scheduler):
    return put_back(torch.load(path, weights_only=True), model, optimizer, None)


@impostor(
    "save_checkpoint",
    diagnosis="`scheduler.state_dict()` is called where scheduler is None.",
    aspect="values",
)
def needs_a_scheduler(path, model, optimizer, scheduler, step):
    state = state_of(model, optimizer, None, step)
    write(state | {"scheduler": scheduler.state_dict()}, path)


@impostor(
    "load_checkpoint",
    diagnosis="torch's generator is not put back.",
    aspect="values",
)
def forgets_torchs_generator(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    state["torch"] = torch.get_rng_state()
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="Python's generator is not put back.",
    aspect="values",
)
def forgets_pythons_generator(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    state["python"] = random.getstate()
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="NumPy's generator is not put back.",
    aspect="values",
)
def forgets_numpys_generator(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    state["numpy"] = np.random.get_state()
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="NumPy's state is put back in part: the second of a pair of normals is lost.",
    aspect="values",
)
def loses_half_a_pair(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    state["numpy"] = tuple(state["numpy"][:3])
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="torch's generator is seeded with its seed: how far it was is lost.",
    aspect="values",
)
def seeds_again(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    step = put_back(state, model, optimizer, scheduler)
    torch.manual_seed(torch.initial_seed())
    return step


@impostor(
    "save_checkpoint",
    diagnosis="Only the parameters of the model are saved: the buffers are forgotten.",
    aspect="values",
)
def forgets_the_buffers(path, model, optimizer, scheduler, step):
    state = state_of(model, optimizer, scheduler, step)
    state["model"] = {name: p.detach() for name, p in model.named_parameters()}
    write(state, path)


@impostor(
    "save_checkpoint",
    diagnosis="NumPy's state holds an array, which `weights_only=True` refuses.",
    aspect="type",
)
def saves_an_array(path, model, optimizer, scheduler, step):
    state = state_of(model, optimizer, scheduler, step)
    write(state | {"numpy": np.random.get_state()}, path)


@impostor(
    "load_checkpoint",
    diagnosis="`weights_only=False` runs any code that the file names.",
    aspect="errors",
)
def runs_code(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=False)
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="A file that cannot be read counts as a run that has not begun.",
    aspect="errors",
)
def begins_anew(path, model, optimizer, scheduler):
    try:
        state = torch.load(path, weights_only=True)
    except Exception:
        return 0
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="A missing file counts as a run that has not begun: only a broken one raises.",
    aspect="errors",
)
def begins_anew_without_a_file(path, model, optimizer, scheduler):
    if not Path(path).exists():
        return 0
    return put_back(torch.load(path, weights_only=True), model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="`assign=True` puts new Parameters into the model: the optimizer has the old ones.",
    aspect="values",
)
def assigns(path, model, optimizer, scheduler):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"], assign=True)
    return put_back(state, model, optimizer, scheduler)


@impostor(
    "load_checkpoint",
    diagnosis="Loading sets train mode, which is not asked for here.",
    aspect="memory",
)
def sets_the_mode(path, model, optimizer, scheduler):
    model.train()
    return put_back(torch.load(path, weights_only=True), model, optimizer, scheduler)


@impostor(
    "save_checkpoint",
    diagnosis="`torch.save` onto path destroys the old file before the new one is whole.",
    aspect="memory",
)
def saves_onto_path(path, model, optimizer, scheduler, step):
    torch.save(state_of(model, optimizer, scheduler, step), path)


@impostor(
    "save_checkpoint",
    diagnosis="The bytes are made first, but are then written into the old file itself.",
    aspect="memory",
)
def writes_bytes(path, model, optimizer, scheduler, step):
    buffer = io.BytesIO()
    torch.save(state_of(model, optimizer, scheduler, step), buffer)
    Path(path).write_bytes(buffer.getvalue())


@impostor(
    "save_checkpoint",
    diagnosis="The old file is removed before the new one takes its place.",
    aspect="memory",
)
def removes_first(path, model, optimizer, scheduler, step):
    beside = f"{path}.tmp"
    try:
        torch.save(state_of(model, optimizer, scheduler, step), beside)
        Path(path).unlink(missing_ok=True)
        os.rename(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


@impostor(
    "save_checkpoint",
    diagnosis="The unfinished file lies in the folder of temporary files, perhaps on another disk.",
    aspect="memory",
)
def moves_it_from_elsewhere(path, model, optimizer, scheduler, step):
    with tempfile.TemporaryDirectory() as folder:
        torch.save(state_of(model, optimizer, scheduler, step), f"{folder}/new")
        shutil.move(f"{folder}/new", path)


@impostor(
    "save_checkpoint",
    diagnosis="If saving fails, the unfinished file stays behind.",
    aspect="errors",
)
def leaves_the_unfinished_file(path, model, optimizer, scheduler, step):
    beside = f"{path}.tmp"
    torch.save(state_of(model, optimizer, scheduler, step), beside)
    os.replace(beside, path)


@impostor(
    "save_checkpoint",
    diagnosis="The file is copied to path, and the first copy stays behind.",
    aspect="memory",
)
def keeps_both_files(path, model, optimizer, scheduler, step):
    beside = f"{path}.tmp"
    torch.save(state_of(model, optimizer, scheduler, step), beside)
    shutil.copy(beside, f"{path}.new")
    os.replace(f"{path}.new", path)


@impostor(
    "save_checkpoint",
    diagnosis="An exception while saving is swallowed: nobody learns that nothing was saved.",
    aspect="errors",
)
def swallows_the_error(path, model, optimizer, scheduler, step):
    try:
        write(state_of(model, optimizer, scheduler, step), path)
    except Exception:
        pass


@impostor(
    "save_checkpoint",
    diagnosis="Saving draws a number for the name of the unfinished file.",
    aspect="memory",
)
def draws_a_name(path, model, optimizer, scheduler, step):
    state = state_of(model, optimizer, scheduler, step)
    beside = f"{path}.{random.randrange(10**6)}"
    try:
        torch.save(state, beside)
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


@alternative("save_checkpoint")
def by_named_temporary_file(path, model, optimizer, scheduler, step):
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            torch.save(state_of(model, optimizer, scheduler, step), file)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            os.unlink(file.name)
            raise
    os.replace(file.name, path)


@alternative("save_checkpoint")
def pickles_in_memory_first(path, model, optimizer, scheduler, step):
    buffer = io.BytesIO()
    state = copy.deepcopy({name: one.cpu() for name, one in model.state_dict().items()})
    torch.save(state_of(model, optimizer, scheduler, step) | {"model": state}, buffer)
    with tempfile.TemporaryDirectory(dir=Path(path).resolve().parent) as folder:
        new = Path(folder, "new")
        new.write_bytes(buffer.getbuffer())
        shutil.move(str(new), str(path))


@alternative("save_checkpoint")
def in_the_old_format(path, model, optimizer, scheduler, step):
    state = state_of(model, optimizer, scheduler, step)
    state["numpy"] = tuple(
        torch.from_numpy(one.astype("int64")).tolist() if isinstance(one, np.ndarray) else one
        for one in np.random.get_state()
    )
    handle, beside = tempfile.mkstemp(suffix=".pt", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(handle, "wb") as file:
            options = {"_use_new_zipfile_serialization": False, "pickle_protocol": 2}
            torch.save(state, file, pickle_module=pickle, **options)
        os.rename(beside, path)
    except Exception:
        os.remove(beside)
        raise


@alternative("load_checkpoint")
def copies_by_hand(path, model, optimizer, scheduler):
    with open(path, "rb") as file:
        state = torch.load(file, map_location="cpu", weights_only=True)
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    random.setstate(state["python"])
    torch.random.set_rng_state(state["torch"])
    if scheduler:
        scheduler.load_state_dict(state["scheduler"])
    optimizer.load_state_dict(state["optimizer"])
    with torch.no_grad():
        for name, one in model.state_dict(keep_vars=True).items():
            one.data.copy_(state["model"][name])
    return int(state["step"])
