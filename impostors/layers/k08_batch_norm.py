"""Wrong and right answers to layers/k08_batch_norm."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the modules below share: they differ from it in one place."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        self.refuse(x)
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, variance = self.statistics(x)
            self.update(mean.detach(), variance.detach(), x.numel() // x.shape[1], x)
        return self.normalised(x, mean, variance)

    def refuse(self, x):
        if x.dim() not in (2, 3) or x.shape[1] != self.weight.shape[0]:
            raise ValueError(f"x has the shape {tuple(x.shape)}")
        if self.training and x.numel() < 2 * x.shape[1]:
            raise ValueError("too few values")

    def statistics(self, x):
        dims = (0, 2)[: x.dim() - 1]
        return x.mean(dims), x.var(dims, correction=0)

    def update(self, mean, variance, n, x):
        self.running_mean = self.average(self.running_mean, mean)
        self.running_var = self.average(self.running_var, variance * n / (n - 1))
        self.num_batches_tracked = self.num_batches_tracked + 1

    def average(self, old, new):
        return (1 - self.momentum) * old + self.momentum * new

    def normalised(self, x, mean, variance):
        result = (x - beside(mean, x)) / torch.sqrt(beside(variance, x) + self.eps)
        return result * beside(self.weight, x) + beside(self.bias, x)


def beside(one, x):
    """A number for each channel in a shape that broadcasts with x."""
    return one.view(1, -1, *[1] * (x.dim() - 2))


@impostor(
    "BatchNorm1d",
    diagnosis="It normalises by the unbiased variance; that one is for running_var alone.",
    aspect="values",
)
class NormalisesByTheUnbiased(Sound):
    def normalised(self, x, mean, variance):
        n = x.numel() // x.shape[1]
        return super().normalised(x, mean, variance * n / (n - 1) if self.training else variance)


@impostor(
    "BatchNorm1d",
    diagnosis="running_var averages the biased variance; it should be the one with n - 1.",
    aspect="values",
)
class RemembersTheBiased(Sound):
    def update(self, mean, variance, n, x):
        super().update(mean, variance * (n - 1) / n, n, x)


@impostor(
    "BatchNorm1d",
    diagnosis="For (N, C, L) the unbiased variance takes N for n; each channel has N * L values.",
    aspect="values",
)
class CountsSamplesOnly(Sound):
    def update(self, mean, variance, n, x):
        super().update(mean, variance, max(x.shape[0], 2), x)


@impostor(
    "BatchNorm1d",
    diagnosis="momentum is reversed: it is the weight of the newest batch, not of the old average.",
    aspect="values",
)
class ReversesTheMomentum(Sound):
    def average(self, old, new):
        return self.momentum * old + (1 - self.momentum) * new


@impostor(
    "BatchNorm1d",
    diagnosis="The statistics of the last batch are kept alone, without an average.",
    aspect="values",
)
class RemembersTheLastBatch(Sound):
    def average(self, old, new):
        return new


@impostor(
    "BatchNorm1d",
    diagnosis="momentum is ignored: 0.1 is written where self.momentum should stand.",
    aspect="values",
)
class IgnoresTheMomentum(Sound):
    def average(self, old, new):
        return 0.9 * old + 0.1 * new


@impostor(
    "BatchNorm1d",
    diagnosis="It normalises by the running averages in train mode too, as if in eval mode.",
    aspect="values",
)
class NormalisesByTheAverages(Sound):
    def normalised(self, x, mean, variance):
        return super().normalised(x, self.running_mean, self.running_var)


@impostor(
    "BatchNorm1d",
    diagnosis="It normalises by the batch in eval mode too; there, running averages are used.",
    aspect="values",
)
class NormalisesByTheBatch(Sound):
    def normalised(self, x, mean, variance):
        return super().normalised(x, *(self.statistics(x) if x.numel() else (mean, variance)))


@impostor(
    "BatchNorm1d",
    diagnosis="The running averages change in eval mode too, so validation data get into them.",
    aspect="values",
)
class UpdatesInEval(Sound):
    def forward(self, x):
        result = super().forward(x)
        if not self.training and x.numel() > x.shape[1]:
            self.update(*self.statistics(x.detach()), x.numel() // x.shape[1], x)
        return result


@impostor(
    "BatchNorm1d",
    diagnosis="num_batches_tracked is never counted.",
    aspect="values",
)
class CountsNoBatches(Sound):
    def update(self, mean, variance, n, x):
        before = self.num_batches_tracked
        super().update(mean, variance, n, x)
        self.num_batches_tracked = before


@impostor(
    "BatchNorm1d",
    diagnosis="Under no_grad nothing is updated; it is train and eval that decide.",
    aspect="values",
)
class TakesNoGradForEval(Sound):
    def update(self, mean, variance, n, x):
        if torch.is_grad_enabled():
            super().update(mean, variance, n, x)


@impostor(
    "BatchNorm1d",
    diagnosis="The statistics of (N, C, L) are taken over N alone: one for each place.",
    aspect="shape",
)
class NormalisesEachPlace(Sound):
    def statistics(self, x):
        return x.mean(0), x.var(0, correction=0)


@impostor(
    "BatchNorm1d",
    diagnosis="The statistics are those of all of x; each channel has its own.",
    aspect="values",
)
class NormalisesTheWhole(Sound):
    def statistics(self, x):
        ones = torch.ones_like(self.weight)
        return x.mean() * ones, x.var(correction=0) * ones


@impostor(
    "BatchNorm1d",
    diagnosis="x is reshaped to (-1, C), which mixes channels and places; move the channels first.",
    aspect="values",
)
class MixesTheChannels(Sound):
    def statistics(self, x):
        rows = x.reshape(-1, x.shape[1])
        return rows.mean(0), rows.var(0, correction=0)


@impostor(
    "BatchNorm1d",
    diagnosis="weight and bias are laid along the last dimension, which is L and not C.",
    aspect="shape",
)
class ScalesTheLastDimension(Sound):
    def normalised(self, x, mean, variance):
        result = (x - beside(mean, x)) / torch.sqrt(beside(variance, x) + self.eps)
        return result * self.weight + self.bias


@impostor(
    "BatchNorm1d",
    diagnosis="eps is added to the deviation; it belongs to the variance, under the root.",
    aspect="values",
)
class AddsEpsToTheDeviation(Sound):
    def normalised(self, x, mean, variance):
        result = (x - beside(mean, x)) / (torch.sqrt(beside(variance, x) + 1e-30) + self.eps)
        return result * beside(self.weight, x) + beside(self.bias, x)


@impostor(
    "BatchNorm1d",
    diagnosis="E[x²] - E[x]² loses its digits where the mean is large: subtract it first.",
    aspect="values",
)
class SquaresBeforeItSubtracts(Sound):
    def statistics(self, x):
        dims = (0, 2)[: x.dim() - 1]
        mean = x.mean(dims)
        return mean, ((x**2).mean(dims) - mean**2).clamp(min=0)


@impostor(
    "BatchNorm1d",
    diagnosis="x.float() takes float64 down to float32 on its way.",
    aspect="values",
)
class ComputesInFloat32(Sound):
    def normalised(self, x, mean, variance):
        return super().normalised(x.float(), mean.float(), variance.float()).to(x.dtype)


@impostor(
    "BatchNorm1d",
    diagnosis="The mean and the variance are detached: in train mode gradients go through both.",
    aspect="gradient",
)
class DetachesTheStatistics(Sound):
    def statistics(self, x):
        return super().statistics(x.detach())


@impostor(
    "BatchNorm1d",
    diagnosis="The running averages are computed with grad: they keep the graph of each batch.",
    aspect="gradient",
)
class KeepsTheGraph(Sound):
    def forward(self, x):
        self.refuse(x)
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, variance = self.statistics(x)
            self.update(mean, variance, x.numel() // x.shape[1], x)
        else:
            mean, variance = mean.detach(), variance.detach()
        return self.normalised(x, mean, variance)


@impostor(
    "BatchNorm1d",
    diagnosis="The running averages are Parameters; they are learnt by counting: buffers.",
    aspect="type",
)
class HasParametersForAverages(Sound):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        del self.running_mean
        self.running_mean = nn.Parameter(torch.zeros(num_features), requires_grad=False)

    def update(self, mean, variance, n, x):
        self.running_mean.data = self.average(self.running_mean.data, mean)
        self.running_var = self.average(self.running_var, variance * n / (n - 1))
        self.num_batches_tracked = self.num_batches_tracked + 1


@impostor(
    "BatchNorm1d",
    diagnosis="The running averages are plain attributes: they are not saved, moved or converted.",
    aspect="type",
)
class HasPlainAverages(Sound):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        nn.Module.__init__(self)
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.running_mean, self.running_var = torch.zeros(num_features), torch.ones(num_features)
        self.num_batches_tracked = torch.tensor(0)


@impostor(
    "BatchNorm1d",
    diagnosis="running_var begins as zeros: at first each number of eval mode is far too large.",
    aspect="values",
)
class BeginsWithZeros(Sound):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        self.running_var.zero_()


@impostor(
    "BatchNorm1d",
    diagnosis="One value for each channel is refused in eval mode too, where none is needed.",
    aspect="shape",
)
class RefusesOneSample(Sound):
    def refuse(self, x):
        super().refuse(x)
        if x.numel() < 2 * x.shape[1]:
            raise ValueError("too few values")


@impostor(
    "BatchNorm1d",
    diagnosis="One value for each channel is not refused in train mode: its variance is NaN or 0.",
    aspect="errors",
)
class TakesOneSample(Sound):
    def refuse(self, x):
        if x.dim() not in (2, 3) or x.shape[1] != self.weight.shape[0]:
            raise ValueError(f"x has the shape {tuple(x.shape)}")

    def update(self, mean, variance, n, x):
        super().update(mean, variance, max(n, 2), x)


@impostor(
    "BatchNorm1d",
    diagnosis="The last dimension is compared with C; the channels are the second one.",
    aspect="shape",
)
class LooksAtTheLastDimension(Sound):
    def refuse(self, x):
        if x.dim() not in (2, 3) or x.shape[-1] != self.weight.shape[0]:
            raise ValueError(f"x has the shape {tuple(x.shape)}")


@impostor(
    "BatchNorm1d",
    diagnosis="Other shapes are not refused: they broadcast, or raise another error.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, x):
        pass


@impostor(
    "BatchNorm1d",
    diagnosis="The second size is compared with C in train mode alone; in eval mode 1 broadcasts.",
    aspect="errors",
)
class ComparesInTrainOnly(Sound):
    def refuse(self, x):
        if self.training or x.dim() not in (2, 3) or x.shape[1] != 1:
            super().refuse(x)


@impostor(
    "BatchNorm1d",
    diagnosis="Where L is 1, the variance that divides by n goes into running_var.",
    aspect="values",
)
class TakesTheBiasedForOnePlace(Sound):
    def update(self, mean, variance, n, x):
        n_over = variance * (n - 1) / n if x.shape[-1] == 1 and x.dim() == 3 else variance
        super().update(mean, n_over, n, x)


@impostor(
    "BatchNorm1d",
    diagnosis="bias and running_mean are made of one tensor: each writes into the other.",
    aspect="type",
)
class MakesTwoOfOneTensor(Sound):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        zeros = torch.zeros(num_features)
        self.bias, self.running_mean = nn.Parameter(zeros), zeros


@impostor(
    "BatchNorm1d",
    diagnosis="The batch is counted before x is looked at, so an error leaves a wrong count.",
    aspect="errors",
)
class CountsBeforeItRefuses(Sound):
    def forward(self, x):
        if self.training:
            self.num_batches_tracked += 1
        return super().forward(x)

    def update(self, mean, variance, n, x):
        super().update(mean, variance, n, x)
        self.num_batches_tracked = self.num_batches_tracked - 1


@impostor(
    "BatchNorm1d",
    diagnosis="It calls torch's own batch norm, which is what the kata makes.",
    aspect="structure",
)
class CallsBatchNorm(Sound):
    def forward(self, x):
        self.refuse(x)
        if self.training:
            self.num_batches_tracked += 1
        mean, var = self.running_mean, self.running_var
        keywords = {"training": self.training, "momentum": self.momentum, "eps": self.eps}
        return functional.batch_norm(x, mean, var, self.weight, self.bias, **keywords)


@alternative("BatchNorm1d")
class ByNewTensors(Sound):
    pass


@alternative("BatchNorm1d")
class InheritsTheStateOfTorchs(nn.BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps=eps, momentum=momentum)

    def forward(self, x):
        if x.ndim not in {2, 3} or x.size(1) != self.num_features:
            raise ValueError("x")
        wide = x.unsqueeze(-1) if x.ndim == 2 else x
        flat = wide.transpose(0, 1).flatten(1)
        if not self.training:
            mean, variance = self.running_mean, self.running_var
        elif flat.size(1) < 2:
            raise ValueError("x")
        else:
            variance, mean = torch.var_mean(flat, 1, correction=0)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                unbiased = flat.var(1)
                self.running_var.mul_(1 - self.momentum).add_(unbiased, alpha=self.momentum)
                self.num_batches_tracked.add_(1)
        wide = (wide - mean[:, None]) * torch.rsqrt(variance + self.eps)[:, None]
        return (wide * self.weight[:, None] + self.bias[:, None]).reshape(x.shape)


@alternative("BatchNorm1d")
class ByOneScaleAndShift(Sound):
    def normalised(self, x, mean, variance):
        scale = self.weight / (variance + self.eps) ** 0.5
        shift = self.bias - mean * scale
        return torch.einsum("nc...,c->nc...", x, scale) + beside(shift, x)


@alternative("BatchNorm1d")
class ChannelByChannel(Sound):
    def forward(self, x):
        self.refuse(x)
        parts = []
        for c in range(x.shape[1]):
            channel = x[:, c]
            mean, variance = self.running_mean[c], self.running_var[c]
            if self.training:
                mean = channel.sum() / channel.numel()
                squares = ((channel - mean) ** 2).sum()
                variance = squares / channel.numel()
                unbiased = squares.item() / (channel.numel() - 1)
                self.running_mean[c] = self.average(self.running_mean[c], mean.item())
                self.running_var[c] = self.average(self.running_var[c], unbiased)
            result = (channel - mean) * (variance + self.eps).pow(-0.5)
            parts.append(result * self.weight[c] + self.bias[c])
        if self.training:
            self.num_batches_tracked += 1
        return torch.stack(parts, 1)


@alternative("BatchNorm1d")
class InFloat64(Sound):
    def forward(self, x):
        return super().forward(x.double()).to(x.dtype)

    def update(self, mean, variance, n, x):
        self.running_mean.copy_(self.average(self.running_mean.double(), mean))
        self.running_var.copy_(self.average(self.running_var.double(), variance * n / (n - 1)))
        self.num_batches_tracked.copy_(self.num_batches_tracked + 1)
