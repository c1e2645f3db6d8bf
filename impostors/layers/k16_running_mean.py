"""Wrong and right answers to layers/k16_running_mean."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the modules below share: they differ from it in one place."""

    def __init__(self, num_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.refuse(x)
        if self.training and x.shape[0]:
            self.update(x.detach())
        return x - self.mean

    def refuse(self, x):
        if x.dim() != 2 or x.shape[1] != self.mean.shape[0]:
            raise ValueError(f"x has the shape {tuple(x.shape)}")

    def update(self, x):
        total = self.count + x.shape[0]
        self.mean = (self.mean * self.count + x.sum(0)) / total
        self.count = total


@impostor(
    "RunningMean",
    diagnosis="mean and count are plain attributes: they are not saved, copied to a GPU or loaded.",
    aspect="type",
)
class HasPlainAttributes(Sound):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.mean = torch.zeros(num_features)
        self.count = torch.tensor(0)


@impostor(
    "RunningMean",
    diagnosis="The mean is a Parameter: it would be trained, and it is no buffer.",
    aspect="type",
)
class HasAParameter(Sound):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.mean = nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.register_buffer("count", torch.tensor(0))

    def update(self, x):
        total = self.count + x.shape[0]
        self.mean.data = (self.mean.data * self.count + x.sum(0)) / total
        self.count = total


@impostor(
    "RunningMean",
    diagnosis="The count is float32, which cannot count beyond 16,777,216; it should be int64.",
    aspect="type",
)
class CountsInFloats(Sound):
    def __init__(self, num_features):
        super().__init__(num_features)
        self.register_buffer("count", torch.tensor(0.0))


@impostor(
    "RunningMean",
    diagnosis="The buffers are made with persistent=False, so the state_dict lacks them.",
    aspect="type",
)
class IsNotSaved(Sound):
    def __init__(self, num_features):
        nn.Module.__init__(self)
        self.register_buffer("mean", torch.zeros(num_features), persistent=False)
        self.register_buffer("count", torch.tensor(0), persistent=False)


@impostor(
    "RunningMean",
    diagnosis="It averages batch means: a batch of one row weighs as much as one of a thousand.",
    aspect="values",
)
class AveragesBatchMeans(Sound):
    def __init__(self, num_features):
        super().__init__(num_features)
        self.batches = 0

    def update(self, x):
        self.batches += 1
        self.mean = self.mean + (x.mean(0) - self.mean) / self.batches
        self.count = self.count + x.shape[0]


@impostor(
    "RunningMean",
    diagnosis="It counts batches, not rows: count grows by 1 at each call.",
    aspect="values",
)
class CountsBatches(Sound):
    def update(self, x):
        self.count = self.count + 1
        self.mean = self.mean + (x.mean(0) - self.mean) / self.count


@impostor(
    "RunningMean",
    diagnosis="A moving average with momentum forgets old rows; here all rows count the same.",
    aspect="values",
)
class ForgetsSlowly(Sound):
    def update(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        self.count = self.count + x.shape[0]


@impostor(
    "RunningMean",
    diagnosis="In train mode it subtracts the mean of the batch, as batch norm does.",
    aspect="values",
)
class SubtractsTheBatchMean(Sound):
    def forward(self, x):
        self.refuse(x)
        if not (self.training and x.shape[0]):
            return x - self.mean
        self.update(x.detach())
        return x - x.mean(0).detach()


@impostor(
    "RunningMean",
    diagnosis="x minus the old mean is returned; the rows of x go into the mean first.",
    aspect="values",
)
class SubtractsTheOldMean(Sound):
    def forward(self, x):
        self.refuse(x)
        result = x - self.mean
        if self.training and x.shape[0]:
            self.update(x.detach())
        return result


@impostor(
    "RunningMean",
    diagnosis="It updates its mean in eval mode too, so validation data get into it.",
    aspect="values",
)
class UpdatesInEval(Sound):
    def forward(self, x):
        self.refuse(x)
        result = x - self.mean
        if x.shape[0]:
            self.update(x.detach())
        return x - self.mean if self.training else result


@impostor(
    "RunningMean",
    diagnosis="In eval mode the new rows are in the mean that is subtracted: it must stay.",
    aspect="values",
)
class NeverMindsTheMode(Sound):
    def forward(self, x):
        self.refuse(x)
        if x.shape[0]:
            self.update(x.detach())
        return x - self.mean


@impostor(
    "RunningMean",
    diagnosis="num_features is compared in train mode alone: in eval mode one feature broadcasts.",
    aspect="errors",
)
class ComparesInTrainOnly(Sound):
    def refuse(self, x):
        if self.training or x.dim() != 2 or x.shape[1] != 1:
            super().refuse(x)


@impostor(
    "RunningMean",
    diagnosis="The mean of no rows is NaN, and from then on the mean is NaN for ever.",
    aspect="values",
)
class TakesTheMeanOfNothing(Sound):
    def forward(self, x):
        self.refuse(x)
        if self.training:
            self.update(x.detach())
        return x - self.mean

    def update(self, x):
        total = self.count + x.shape[0]
        self.mean = self.mean + (x.mean(0) - self.mean) * (x.shape[0] / max(total.item(), 1))
        self.count = total


@impostor(
    "RunningMean",
    diagnosis="N / count is float32 where count is an int64 tensor: float64 loses its digits.",
    aspect="values",
)
class WeighsInFloat32(Sound):
    def update(self, x):
        self.count = self.count + x.shape[0]
        self.mean = self.mean + (x.mean(0) - self.mean) * (x.shape[0] / self.count)


@impostor(
    "RunningMean",
    diagnosis="Whether grad mode is on decides about the update; it is train and eval that do.",
    aspect="values",
)
class TakesNoGradForEval(Sound):
    def forward(self, x):
        self.refuse(x)
        if self.training and torch.is_grad_enabled() and x.shape[0]:
            self.update(x.detach())
        return x - self.mean


@impostor(
    "RunningMean",
    diagnosis="It counts in a Python number beside the buffer, which a loaded module lacks.",
    aspect="values",
)
class CountsBesideTheBuffer(Sound):
    def __init__(self, num_features):
        super().__init__(num_features)
        self.rows = 0

    def update(self, x):
        self.mean = (self.mean * self.rows + x.sum(0)) / (self.rows + x.shape[0])
        self.rows += x.shape[0]
        self.count = torch.full_like(self.count, self.rows)


@impostor(
    "RunningMean",
    diagnosis="The mean is computed with grad: it requires grad, and ties all batches together.",
    aspect="gradient",
)
class KeepsTheGraph(Sound):
    def forward(self, x):
        self.refuse(x)
        if self.training and x.shape[0]:
            self.update(x)
        return x - self.mean.detach()


@impostor(
    "RunningMean",
    diagnosis="The gradient of x goes through the mean as well; there, the mean is a constant.",
    aspect="gradient",
)
class GoesThroughTheMean(Sound):
    def forward(self, x):
        self.refuse(x)
        mean = self.mean
        if self.training and x.shape[0]:
            mean = (mean * self.count + x.sum(0)) / (self.count + x.shape[0])
            self.update(x.detach())
        return x - mean


@impostor(
    "RunningMean",
    diagnosis="x itself is detached, so no gradient reaches it.",
    aspect="gradient",
)
class DetachesX(Sound):
    def forward(self, x):
        return super().forward(x.detach())


@impostor(
    "RunningMean",
    diagnosis="Other shapes are not refused: they broadcast, or raise another error.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, x):
        pass


@impostor(
    "RunningMean",
    diagnosis="Only the last dimension is looked at: (num_features,) and (..., N, F) get through.",
    aspect="errors",
)
class LooksAtTheLastDimensionOnly(Sound):
    def refuse(self, x):
        if not x.dim() or x.shape[-1] != self.mean.shape[0]:
            raise ValueError(f"x has the shape {tuple(x.shape)}")


@impostor(
    "RunningMean",
    diagnosis="It counts rows before it looks at their shape, so an error leaves a wrong count.",
    aspect="errors",
)
class CountsBeforeItRefuses(Sound):
    def forward(self, x):
        if self.training and x.dim():
            self.count += x.shape[0]
        self.refuse(x)
        if self.training and x.shape[0]:
            with torch.no_grad():
                self.mean += (x - self.mean).sum(0) / self.count
        return x - self.mean


@impostor(
    "RunningMean",
    diagnosis="The shape is looked at in train mode only.",
    aspect="errors",
)
class RefusesInTrainOnly(Sound):
    def refuse(self, x):
        if self.training:
            super().refuse(x)


@alternative("RunningMean")
class ByNewTensors(Sound):
    pass


@alternative("RunningMean")
class WritesInPlace(Sound):
    @torch.no_grad()
    def update(self, x):
        self.count.add_(x.shape[0])
        weight = x.shape[0] / self.count.item()
        self.mean.mul_(1 - weight).add_(x.mean(0), alpha=weight)


@alternative("RunningMean")
class RowByRow(Sound):
    def forward(self, x):
        self.refuse(x)
        if self.training:
            for row in x.detach():
                self.count.data += 1
                self.mean.data += (row - self.mean) / self.count
        return torch.stack([row - self.mean for row in x]) if len(x) else x + 0


@alternative("RunningMean")
class InFloat64(Sound):
    def update(self, x):
        total = self.count + x.shape[0]
        mean = (self.mean.double() * self.count + x.double().sum(0)) / total
        self.mean.copy_(mean)
        self.count.copy_(total)


@alternative("RunningMean")
class WithoutABranch(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(num_features))
        self.count = nn.Buffer(torch.zeros((), dtype=torch.long))

    def forward(self, x):
        rows, features = x.shape if x.dim() == 2 else (0, -1)
        if features != self.mean.numel():
            raise ValueError("x")
        rows = rows * self.training
        self.count += rows
        moved = torch.einsum("nf->f", x.detach() - self.mean) / self.count.clamp(min=1)
        self.mean += moved * self.training
        return torch.add(x, self.mean.clone(), alpha=-1)
