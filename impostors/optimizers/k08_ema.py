"""Wrong and right answers to optimizers/k08_ema."""

import contextlib
import copy

import torch

from dojo.impostors import alternative, impostor


def wide(one):
    return one.float() if one.dtype in (torch.float16, torch.bfloat16) else one


class Sound:
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, model, decay=0.999):
        self.check(decay)
        self.model, self.decay = model, decay
        self.parameters = dict(model.named_parameters(remove_duplicate=False))
        self.buffers = dict(model.named_buffers(remove_duplicate=False))
        self.averages = {name: self.first(p.detach()) for name, p in self.parameters.items()}
        self.copies = {name: one.clone() for name, one in self.buffers.items()}

    def check(self, decay):
        if decay < 0 or decay > 1:
            raise ValueError(decay)

    def first(self, p):
        return wide(p).clone()

    @torch.no_grad()
    def update(self):
        for name, p in self.parameters.items():
            self.averages[name] = self.mixed(self.averages[name], p)
        for name, one in self.buffers.items():
            self.copies[name] = self.of_buffer(self.copies[name], one)

    def mixed(self, average, p):
        return self.decay * average + (1 - self.decay) * p.to(average.dtype)

    def of_buffer(self, old, new):
        return new.clone()

    def all_kept(self):
        return {**self.averages, **self.copies}

    def write(self, tensors):
        with torch.no_grad():
            for name, one in {**self.parameters, **self.buffers}.items():
                one.copy_(tensors[name])

    def before(self):
        tensors = {**self.parameters, **self.buffers}
        return {name: one.detach().clone() for name, one in tensors.items()}

    @contextlib.contextmanager
    def averaged(self):
        before = self.before()
        self.write(self.all_kept())
        try:
            yield
        finally:
            self.write(before)

    def state_dict(self):
        return {name: one.clone() for name, one in self.all_kept().items()}

    def load_state_dict(self, state):
        for kept in (self.averages, self.copies):
            for name, one in kept.items():
                kept[name] = state[name].to(one.device, one.dtype, copy=True)


@impostor("EMA", diagnosis="The decay is the wrong way round.", aspect="values")
class TurnsTheDecay(Sound):
    def mixed(self, average, p):
        return (1 - self.decay) * average + self.decay * p.to(average.dtype)


@impostor(
    "EMA",
    diagnosis="The decay is warmed up, as in some libraries: it begins at 2 / 11.",
    aspect="values",
)
class WarmsUpTheDecay(Sound):
    updates = 0

    def update(self):
        self.updates += 1
        super().update()

    def mixed(self, average, p):
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        return decay * average + (1 - decay) * p.to(average.dtype)


@impostor("EMA", diagnosis="The averages begin at 0, and are too small for long.", aspect="values")
class BeginsAtZero(Sound):
    def first(self, p):
        return torch.zeros_like(wide(p))


@impostor(
    "EMA",
    diagnosis="Buffers are forgotten: the averages stand beside the first running statistics.",
    aspect="values",
)
class ForgetsBuffers(Sound):
    def of_buffer(self, old, new):
        return old


@impostor(
    "EMA",
    diagnosis="All of the state_dict is averaged, the buffers too.",
    aspect="values",
)
class AveragesBuffers(Sound):
    def of_buffer(self, old, new):
        return (self.decay * old + (1 - self.decay) * new).to(new.dtype)


@impostor(
    "EMA",
    diagnosis="Float buffers are averaged; only the ones of other dtypes are copied.",
    aspect="values",
)
class AveragesFloatBuffers(Sound):
    def of_buffer(self, old, new):
        return self.mixed(old, new) if new.is_floating_point() else new.clone()


@impostor(
    "EMA",
    diagnosis="Averages of 16 bits stay in 16 bits, where small changes are lost.",
    aspect="dtype",
)
class KeepsSixteenBits(Sound):
    def first(self, p):
        return p.clone()


@impostor(
    "EMA",
    diagnosis="The averages are float32 for all: float64 loses half of its digits.",
    aspect="dtype",
)
class KeepsFloat32(Sound):
    def first(self, p):
        return p.float().clone()


@impostor(
    "EMA",
    diagnosis="The first averages are the parameters' own memory, and change with them.",
    aspect="values",
)
class BeginsWithReferences(Sound):
    def first(self, p):
        return wide(p)


@impostor("EMA", diagnosis="Frozen parameters are left out: their average stays.", aspect="values")
class LeavesFrozenOut(Sound):
    def mixed(self, average, p):
        return super().mixed(average, p) if p.requires_grad else average


@impostor(
    "EMA",
    diagnosis="A tied parameter has one average, which is updated once for each of its names.",
    aspect="values",
)
class AveragesTiedTwice(Sound):
    @torch.no_grad()
    def update(self):
        done = {}
        for name, p in self.parameters.items():
            done[p] = self.mixed(done.get(p, self.averages[name]), p)
        for name, p in self.parameters.items():
            self.averages[name] = done[p]
        self.copies = {name: one.clone() for name, one in self.buffers.items()}


@impostor(
    "EMA",
    diagnosis="A tied parameter is saved under its first name only.",
    aspect="values",
)
class SavesFirstNames(Sound):
    def state_dict(self):
        names = {*dict(self.model.named_parameters()), *self.copies}
        return {name: one.clone() for name, one in self.all_kept().items() if name in names}


@impostor(
    "EMA",
    diagnosis="There is no finally: after an exception the model keeps the averages.",
    aspect="memory",
)
class HasNoFinally(Sound):
    @contextlib.contextmanager
    def averaged(self):
        before = self.before()
        self.write(self.all_kept())
        yield
        self.write(before)


@impostor(
    "EMA",
    diagnosis="The yield lies inside of no_grad: the block of the caller records no gradients.",
    aspect="memory",
)
class TurnsGradientsOff(Sound):
    @contextlib.contextmanager
    def averaged(self):
        with torch.no_grad(), super().averaged():
            yield


@impostor("EMA", diagnosis="The exception of the block is swallowed.", aspect="errors")
class SwallowsExceptions(Sound):
    @contextlib.contextmanager
    def averaged(self):
        before = self.before()
        self.write(self.all_kept())
        with contextlib.suppress(BaseException):
            yield
        self.write(before)


@impostor(
    "EMA",
    diagnosis="p.data is exchanged: views and fused optimizers still have the old memory.",
    aspect="memory",
)
class ExchangesMemory(Sound):
    def write(self, tensors):
        for name, one in {**self.parameters, **self.buffers}.items():
            one.data = tensors[name].to(one.dtype, copy=True)


@impostor(
    "EMA",
    diagnosis="The model gets new Parameters: the optimizer still holds the old ones.",
    aspect="memory",
)
class ExchangesParameters(Sound):
    @contextlib.contextmanager
    def averaged(self):
        before = self.before()
        self.write(self.all_kept())
        for name in self.parameters:
            self.put(name, torch.nn.Parameter(self.parameters[name].detach().clone()))
        try:
            yield
        finally:
            for name, p in self.parameters.items():
                self.put(name, p)
            self.write(before)

    def put(self, name, p):
        path, _, last = name.rpartition(".")
        setattr(self.model.get_submodule(path), last, p)


@impostor(
    "EMA",
    diagnosis="What the model held is kept as references, which the averages overwrite.",
    aspect="memory",
)
class RemembersReferences(Sound):
    def before(self):
        tensors = {**self.parameters, **self.buffers}
        return {name: one.detach() for name, one in tensors.items()}


@impostor(
    "EMA",
    diagnosis="Buffers are not put back behind the block.",
    aspect="memory",
)
class ForgetsBuffersBehind(Sound):
    def before(self):
        return {**super().before(), **self.copies}


@impostor(
    "EMA",
    diagnosis="The state holds the averages themselves, into which updates write.",
    aspect="structure",
)
class HandsOutReferences(Sound):
    def mixed(self, average, p):
        return average.copy_(super().mixed(average, p))

    def state_dict(self):
        return self.all_kept()


@impostor(
    "EMA",
    diagnosis="The tensors of the loaded state become the averages: a later change of the state"
    " changes them.",
    aspect="structure",
)
class KeepsWhatIsLoaded(Sound):
    def load_state_dict(self, state):
        for kept in (self.averages, self.copies):
            for name, one in kept.items():
                kept[name] = state[name].to(one)


@impostor(
    "EMA",
    diagnosis="Loading writes into the model; it is the averages that are loaded.",
    aspect="memory",
)
class LoadsTheModel(Sound):
    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.model.load_state_dict(state)


@impostor("EMA", diagnosis="Any decay is taken, also above 1.", aspect="errors")
class TakesAnyDecay(Sound):
    def check(self, decay):
        pass


@alternative("EMA")
class WithAShadow:
    """A second model holds the averages, in place of tensors by name."""

    def __init__(self, model, decay=0.999):
        if not 0.0 <= decay <= 1.0:
            raise ValueError("decay")
        self.model, self.decay = model, decay
        self.shadow = copy.deepcopy(model).requires_grad_(False)
        for p in self.shadow.parameters():
            p.data = wide(p.data)

    def update(self):
        with torch.no_grad():
            pairs = zip(self.shadow.parameters(), self.model.parameters(), strict=True)
            for average, p in pairs:
                average.lerp_(p.to(average.dtype), 1 - self.decay)
            pairs = zip(self.shadow.buffers(), self.model.buffers(), strict=True)
            for one, new in pairs:
                one.copy_(new)

    @contextlib.contextmanager
    def averaged(self):
        before = copy.deepcopy(self.model.state_dict())
        try:
            self.model.load_state_dict(self.shadow.state_dict())
            yield self.model
        finally:
            self.model.load_state_dict(before)

    def state_dict(self):
        return copy.deepcopy(self.shadow.state_dict())

    def load_state_dict(self, state):
        self.shadow.load_state_dict(state)


class Exchange:
    """A context that is a class of its own."""

    def __init__(self, ema):
        self.ema = ema

    def __enter__(self):
        self.old = self.ema.before()
        self.ema.write(self.ema.all_kept())

    def __exit__(self, *_):
        self.ema.write(self.old)


@alternative("EMA")
class WithAClass(Sound):
    def averaged(self):
        return Exchange(self)


@alternative("EMA")
class WithADifference(Sound):
    """average - (1 - decay) * (average - p), in place, each distinct parameter once."""

    def __init__(self, model, decay=0.999):
        super().__init__(model, decay)
        one_of = {p: self.averages[name] for name, p in self.parameters.items()}
        self.averages = {name: one_of[p] for name, p in self.parameters.items()}

    @torch.no_grad()
    def update(self):
        for name, p in self.model.named_parameters():
            average = self.averages[name]
            first = next(n for n, q in self.parameters.items() if q is p)
            self.averages[first].sub_((average - p.to(average.dtype)) * (1 - self.decay))
        for name, one in self.model.named_buffers(remove_duplicate=False):
            self.copies[name].copy_(one)

    def load_state_dict(self, state):
        for name, one in {**self.averages, **self.copies}.items():
            one.copy_(state[name])
