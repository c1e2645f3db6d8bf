"""Wrong and right answers to training/k15_best_weights."""

import copy
import io
import math

import torch

from dojo.impostors import alternative, impostor


class Sound:
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, mode="min"):
        self.check(mode)
        self.mode, self.best, self.state = mode, None, None

    def check(self, mode):
        if mode not in ("min", "max"):
            raise ValueError(mode)

    def is_better(self, metric):
        if self.best is None:
            return metric == metric
        return metric < self.best if self.mode == "min" else metric > self.best

    def update(self, metric, model):
        is_better = self.is_better(metric)
        if is_better:
            self.best, self.state = metric, self.copied(model)
        return is_better

    def copied(self, model):
        return {name: one.clone() for name, one in model.state_dict().items()}

    def restore(self, model):
        if self.best is None:
            raise RuntimeError("nothing is kept")
        self.put_back(model)

    def put_back(self, model):
        model.load_state_dict(self.state)


def parts(model):
    """All names of parameters and buffers."""
    buffers = dict(model.named_buffers(remove_duplicate=False))
    return dict(model.named_parameters(remove_duplicate=False)) | buffers


@impostor(
    "KeepBest",
    diagnosis="A state_dict lies in the memory of the model, and so does a `.copy()` of the dict:"
    " what is kept changes with each step, and is the last state in the end.",
    aspect="values",
)
class KeepsAReference(Sound):
    def copied(self, model):
        return model.state_dict()


@impostor(
    "KeepBest",
    diagnosis="Buffers are forgotten: the weights are those of the best epoch, and a batch norm's"
    " running mean is that of the last.",
    aspect="values",
)
class ForgetsBuffers(Sound):
    def copied(self, model):
        return {name: one.detach().clone() for name, one in model.named_parameters()}

    def put_back(self, model):
        model.load_state_dict(self.state, strict=False)


@impostor(
    "KeepBest",
    diagnosis="Only parameters that require grad, and buffers, are kept, and no frozen ones.",
    aspect="values",
)
class ForgetsFrozenOnes(Sound):
    def copied(self, model):
        frozen = {name for name, one in model.named_parameters() if not one.requires_grad}
        return {name: one.clone() for name, one in model.state_dict().items() if name not in frozen}

    def put_back(self, model):
        model.load_state_dict(self.state, strict=False)


@impostor(
    "KeepBest",
    diagnosis="The copy is in float32: a float64 parameter and a large int lose digits.",
    aspect="values",
)
class KeepsFloat32(Sound):
    def copied(self, model):
        return {name: one.to(torch.float32, copy=True) for name, one in model.state_dict().items()}


@impostor(
    "KeepBest",
    diagnosis="The state is copied at each update, not only where the metric is better.",
    aspect="values",
)
class CopiesEachTime(Sound):
    def update(self, metric, model):
        self.state = self.copied(model)
        return super().update(metric, model)


@impostor(
    "KeepBest",
    diagnosis="Only the first state is kept: a better one does not replace it.",
    aspect="values",
)
class KeepsTheFirst(Sound):
    def copied(self, model):
        return self.state or super().copied(model)


@impostor(
    "KeepBest",
    diagnosis="Each metric is compared with the one before it, and not with the best one.",
    aspect="values",
)
class ComparesWithTheLast(Sound):
    def update(self, metric, model):
        is_better = super().update(metric, model)
        self.best = metric
        return is_better


@impostor(
    "KeepBest",
    diagnosis="A metric that equals the best one replaces it; strictly better is asked for.",
    aspect="values",
)
class TakesTies(Sound):
    def is_better(self, metric):
        return super().is_better(metric) or metric == self.best


@impostor(
    "KeepBest",
    diagnosis="A first NaN becomes best, and then no number is better than it.",
    aspect="values",
)
class KeepsAFirstNan(Sound):
    def is_better(self, metric):
        return self.best is None or super().is_better(metric)


@impostor(
    "KeepBest",
    diagnosis="NaN counts as better, since it is not worse: `not metric >= best` is True for it.",
    aspect="values",
)
class AsksForWorse(Sound):
    def is_better(self, metric):
        if self.best is None:
            return True
        return not metric >= self.best if self.mode == "min" else not metric <= self.best


@impostor(
    "KeepBest",
    diagnosis="inf stands for no best here: a first metric of inf is not better than it.",
    aspect="values",
)
class BeginsWithInfinity(Sound):
    def is_better(self, metric):
        if self.best is None:
            return metric < math.inf if self.mode == "min" else metric > -math.inf
        return super().is_better(metric)


@impostor(
    "KeepBest",
    diagnosis="best begins as a number such as inf, and not as None.",
    aspect="values",
)
class ShowsInfinity(Sound):
    def __init__(self, mode="min"):
        super().__init__(mode)
        self.best = math.inf if mode == "min" else -math.inf


@impostor(
    "KeepBest",
    diagnosis="`if not self.best` takes a best of 0.0 for no best at all.",
    aspect="values",
)
class TakesZeroForNone(Sound):
    def is_better(self, metric):
        return metric == metric if not self.best else super().is_better(metric)


@impostor(
    "KeepBest",
    diagnosis="inf is taken for no number, as NaN is; it is a metric like any other.",
    aspect="values",
)
class SkipsInfinity(Sound):
    def is_better(self, metric):
        return math.isfinite(metric) and super().is_better(metric)


@impostor(
    "KeepBest",
    diagnosis='The mode is not looked at: with "max", smaller metrics count as better.',
    aspect="values",
)
class IgnoresTheMode(Sound):
    def is_better(self, metric):
        return metric == metric if self.best is None else metric < self.best


@impostor(
    "KeepBest",
    diagnosis='With mode "max", best is the negated metric.',
    aspect="values",
)
class ShowsTheNegatedMetric(Sound):
    def update(self, metric, model):
        self.mode, mode = "min", self.mode
        is_better = super().update(metric if mode == "min" else -metric, model)
        self.mode = mode
        return is_better


@impostor(
    "KeepBest",
    diagnosis="What is kept is handed to the model: its next step changes it.",
    aspect="values",
)
class HandsOutWhatIsKept(Sound):
    def put_back(self, model):
        for name, one in parts(model).items():
            if name in self.state:
                one.data = self.state[name]


@impostor(
    "KeepBest",
    diagnosis="assign=True puts what is kept in the place of the Parameters: the optimizer trains"
    " the old ones, and the next step changes what is kept.",
    aspect="values",
)
class Assigns(Sound):
    def put_back(self, model):
        model.load_state_dict(self.state, assign=True)


@impostor(
    "KeepBest",
    diagnosis="New Parameters take the place of those that the optimizer knows.",
    aspect="memory",
)
class AssignsCopies(Sound):
    def put_back(self, model):
        model.load_state_dict(copy.deepcopy(self.state), assign=True)


@impostor(
    "KeepBest",
    diagnosis="`p.data = …` gives a Parameter other memory; write into the memory that it has.",
    aspect="memory",
)
class GivesOtherMemory(Sound):
    def put_back(self, model):
        for name, one in parts(model).items():
            if name in self.state:
                one.data = self.state[name].clone()


@impostor(
    "KeepBest",
    diagnosis="What is kept is gone after restore: it can be called again.",
    aspect="values",
)
class RestoresOnce(Sound):
    def put_back(self, model):
        super().put_back(model)
        self.best = self.state = None


@impostor(
    "KeepBest",
    diagnosis="best is gone after restore: then the next metric, however bad, is better.",
    aspect="values",
)
class ForgetsBest(Sound):
    def restore(self, model):
        if self.state is None:
            raise RuntimeError("nothing is kept")
        self.put_back(model)
        self.best = None


@impostor(
    "KeepBest",
    diagnosis="The state is put back into the model that update got, not into the one that restore"
    " gets.",
    aspect="values",
)
class RemembersTheModel(Sound):
    def update(self, metric, model):
        self.model = model
        return super().update(metric, model)

    def put_back(self, model):
        super().put_back(self.model)


@impostor(
    "KeepBest",
    diagnosis="The state stands in the class: all objects share it.",
    aspect="values",
)
class SharesItsState(Sound):
    def copied(self, model):
        type(self).shared = super().copied(model)

    def put_back(self, model):
        model.load_state_dict(self.shared)


@impostor(
    "KeepBest",
    diagnosis="Buffers that are not in the state_dict are kept and put back too.",
    aspect="memory",
)
class KeepsWhatIsNotPersistent(Sound):
    def copied(self, model):
        return {name: one.detach().clone() for name, one in parts(model).items()}

    def put_back(self, model):
        with torch.no_grad():
            for name, one in parts(model).items():
                one.copy_(self.state[name])


@impostor(
    "KeepBest",
    diagnosis="restore puts the model into train mode; modes stay.",
    aspect="memory",
)
class RestoresIntoTrainMode(Sound):
    def put_back(self, model):
        super().put_back(model)
        model.train()


@impostor(
    "KeepBest",
    diagnosis="restore deletes the gradients; .grad stays.",
    aspect="memory",
)
class DeletesGradients(Sound):
    def put_back(self, model):
        super().put_back(model)
        model.zero_grad()


@impostor(
    "KeepBest",
    diagnosis="restore puts requires_grad back too; it stays as it is in the model.",
    aspect="memory",
)
class RestoresRequiresGrad(Sound):
    def copied(self, model):
        self.flags = [one.requires_grad for one in model.parameters()]
        return super().copied(model)

    def put_back(self, model):
        super().put_back(model)
        for one, flag in zip(model.parameters(), self.flags, strict=True):
            one.requires_grad_(flag)


@impostor(
    "KeepBest",
    diagnosis="update puts the model into eval mode; it only reads.",
    aspect="memory",
)
class UpdatesInEvalMode(Sound):
    def copied(self, model):
        return super().copied(model.eval())


@impostor(
    "KeepBest",
    diagnosis="Nothing comes back where the state is not kept: None is no bool.",
    aspect="type",
)
class ReturnsTrueOrNone(Sound):
    def update(self, metric, model):
        if super().update(metric, model):
            return True


@impostor(
    "KeepBest",
    diagnosis="restore returns silently where nothing is kept; RuntimeError is asked for.",
    aspect="errors",
)
class RestoresNothingSilently(Sound):
    def restore(self, model):
        if self.best is not None:
            self.put_back(model)


@impostor(
    "KeepBest",
    diagnosis="Where nothing is kept, load_state_dict raises TypeError; RuntimeError is asked for.",
    aspect="errors",
)
class LetsTorchComplain(Sound):
    def restore(self, model):
        self.put_back(model)


@impostor(
    "KeepBest",
    diagnosis="`if not self.state` takes the empty state of a model without parameters for none.",
    aspect="errors",
)
class TakesAnEmptyStateForNone(Sound):
    def restore(self, model):
        if not self.state:
            raise RuntimeError("nothing is kept")
        self.put_back(model)


@impostor(
    "KeepBest",
    diagnosis='Any mode is let through; only "min" and "max" are modes.',
    aspect="errors",
)
class TakesAnyMode(Sound):
    def check(self, mode):
        pass


@impostor(
    "KeepBest",
    diagnosis="The mode is looked up in lower case: 'MIN' is another mode, and is to be refused.",
    aspect="errors",
)
class TakesCapitals(Sound):
    def check(self, mode):
        super().check(mode.lower())


@alternative("KeepBest")
class ByDeepcopy:
    def __init__(self, mode="min"):
        if mode not in ("min", "max"):
            raise ValueError(mode)
        self.sign = 1 if mode == "min" else -1
        self.kept = []

    @property
    def best(self):
        return self.kept[0] if self.kept else None

    def update(self, metric, model):
        if math.isnan(metric):
            return False
        if self.kept and self.sign * metric >= self.sign * self.best:
            return False
        self.kept = [metric, copy.deepcopy(model.state_dict())]
        return True

    def restore(self, model):
        if not self.kept:
            raise RuntimeError
        model.load_state_dict(self.kept[1])


@alternative("KeepBest")
class ByFile:
    best = None

    def __init__(self, mode="min"):
        if mode == "min":
            self.better = float.__lt__
        elif mode == "max":
            self.better = float.__gt__
        else:
            raise ValueError("mode is min or max")
        self.file = io.BytesIO()

    def update(self, metric, model):
        if self.best is None and metric != metric:
            return False
        if self.best is not None and not self.better(metric, self.best):
            return False
        self.best, self.file = metric, io.BytesIO()
        torch.save(model.state_dict(), self.file)
        return True

    def restore(self, model):
        if not self.file.getbuffer().nbytes:
            raise RuntimeError("no file")
        self.file.seek(0)
        model.load_state_dict(torch.load(self.file, weights_only=True))


@alternative("KeepBest")
class ByCopyIntoEach:
    def __init__(self, mode="min"):
        if mode not in {"min", "max"}:
            raise ValueError(mode)
        self.mode, self.best, self.kept = mode, None, None

    def update(self, metric, model):
        candidates = [one for one in (self.best, metric) if one is not None and one == one]
        pick = {"min": min, "max": max}[self.mode](candidates, default=None)
        if pick is None or pick == self.best:
            return False
        self.best = metric
        self.kept = [one.detach().cpu().clone() for one in model.state_dict().values()]
        return True

    @torch.no_grad()
    def restore(self, model):
        if self.kept is None:
            raise RuntimeError("update had no number yet")
        for one, kept in zip(model.state_dict().values(), self.kept, strict=True):
            one.copy_(kept)


@alternative("KeepBest")
class ByAWholeModel:
    def __init__(self, mode="min"):
        if mode != "min" and mode != "max":
            raise ValueError(mode)
        self.mode, self.model, self.best = mode, None, None

    def update(self, metric, model):
        if self.model is None:
            is_better = not math.isnan(metric)
        else:
            is_better = metric < self.best if self.mode == "min" else metric > self.best
        if is_better:
            self.best, self.model = metric, copy.deepcopy(model)
        return is_better

    def restore(self, model):
        if self.model is None:
            raise RuntimeError("nothing is kept")
        model.load_state_dict(self.model.state_dict())
