"""Wrong and right answers to training/k10_channel_stats."""

import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor

OVER = (0, 2, 3)  # all dimensions but that of the channels


def counted(n):
    """The number of pixels, of which there is at least one."""
    if n == 0:
        raise ValueError("no pixels")
    return n


def merged(batches, correction=0):
    """The number of pixels, the mean and the sum of squares around it."""
    count, mean, squares = 0, 0.0, 0.0
    for batch in batches:
        n = batch[:, 0].numel()
        if n:
            x = batch.double()
            distance = x.mean(OVER) - mean
            mean = mean + distance * n / (count + n)
            squares = (
                squares + x.var(OVER, correction=0) * n + distance**2 * count * n / (count + n)
            )
            count += n
    return counted(count), mean, squares


def summed(batches, widen):
    """The number of pixels, and the sums of pixels and of their squares."""
    count, total, squares = 0, 0, 0
    for batch in batches:
        x = widen(batch)
        count += x[:, 0].numel()
        total, squares = total + x.sum(OVER), squares + (x * x).sum(OVER)
    return counted(count), total, squares


def mean_of_deviations(parts):
    """The mean of all pixels, and that of the deviations of the parts."""
    count, total, deviations = 0, 0.0, []
    for x in parts:
        count += x[:, 0].numel()
        total = total + x.sum(OVER)
        deviations.append(x.std(OVER, correction=0))
    return total / counted(count), torch.stack(deviations).mean(0)


@impostor(
    "channel_stats",
    diagnosis="The deviation is the mean of those of single images, as in ImageNet's numbers.",
    aspect="values",
)
def means_deviations_of_images(batches):
    return mean_of_deviations(image[None].double() for batch in batches for image in batch)


@impostor(
    "channel_stats",
    diagnosis="The deviation is the mean of those of the batches.",
    aspect="values",
)
def means_deviations_of_batches(batches):
    return mean_of_deviations(batch.double() for batch in batches if len(batch))


@impostor(
    "channel_stats",
    diagnosis="Squares are taken around each batch's own mean: what lies between batches is lost.",
    aspect="values",
)
def pools_the_variances(batches):
    count, total, squares = 0, 0.0, 0.0
    for batch in batches:
        if len(batch):
            x, n = batch.double(), batch[:, 0].numel()
            count, total = count + n, total + x.sum(OVER)
            squares = squares + x.var(OVER, correction=0) * n
    return total / counted(count), torch.sqrt(squares / count)


@impostor(
    "channel_stats",
    diagnosis="Means of batches are averaged, so that pixels of small batches count more.",
    aspect="values",
)
def counts_batches_alike(batches):
    means, squares = [], []
    for batch in batches:
        if len(batch):
            means.append(batch.double().mean(OVER))
            squares.append(batch.double().square().mean(OVER))
    counted(len(means))
    mean, square = torch.stack(means).mean(0), torch.stack(squares).mean(0)
    return mean, torch.sqrt((square - mean**2).clamp(min=0))


@impostor(
    "channel_stats",
    diagnosis="Images are counted and not their pixels, so that those of small images count more.",
    aspect="values",
)
def counts_images_alike(batches):
    count, total, squares = 0, 0.0, 0.0
    for batch in batches:
        x = batch.double().flatten(2)
        count += len(x)
        total = total + x.mean(2).sum(0)
        squares = squares + x.square().mean(2).sum(0)
    mean = total / counted(count)
    return mean, torch.sqrt((squares / count - mean**2).clamp(min=0))


@impostor(
    "channel_stats",
    diagnosis="E[x²] - E[x]² has no digit left where the mean is 1e8 deviations, also in float64.",
    aspect="values",
)
def subtracts_large_squares(batches):
    count, total, squares = summed(batches, torch.Tensor.double)
    mean = total / count
    return mean, torch.sqrt((squares / count - mean**2).clamp(min=0))


@impostor(
    "channel_stats",
    diagnosis="Squares of uint8 wrap around at 256: widen before you square.",
    aspect="values",
)
def squares_in_uint8(batches):
    shift, count, total, squares = None, 0, 0.0, 0.0
    for batch in batches:
        if not len(batch):
            continue
        is_byte = batch.dtype == torch.uint8
        x = batch if is_byte else batch.double()
        shift = 0 if is_byte else x[0, :, :1, :1] if shift is None else shift
        moved = x - shift
        count += x[:, 0].numel()
        total = total + moved.double().sum(OVER)
        squares = squares + (moved * moved).double().sum(OVER)
    mean = total / counted(count)
    shift = shift.flatten() if torch.is_tensor(shift) else 0
    return mean + shift, torch.sqrt((squares / count - mean**2).clamp(min=0))


@impostor(
    "channel_stats",
    diagnosis="The sums are float32: they lose digits before they become float64.",
    aspect="values",
)
def sums_in_float32(batches):
    count, mean, squares = merged(batch.float().double() for batch in batches)
    return mean.float().double(), torch.sqrt(squares.float() / count).double()


@impostor(
    "channel_stats",
    diagnosis="The results are float32; they are to be float64.",
    aspect="dtype",
)
def returns_float32(batches):
    count, mean, squares = merged(batches)
    return mean.float(), torch.sqrt(squares / count).float()


@impostor(
    "channel_stats",
    diagnosis="The deviation divides by n - 1, not by the number of pixels.",
    aspect="values",
)
def is_unbiased(batches):
    count, mean, squares = merged(batches)
    return mean, torch.sqrt(squares / max(count - 1, 1))


@impostor(
    "channel_stats",
    diagnosis="The variance is returned, not its root.",
    aspect="values",
)
def forgets_the_root(batches):
    count, mean, squares = merged(batches)
    return mean, squares / count


@impostor(
    "channel_stats",
    diagnosis="uint8 is divided by 255; pixels are to be taken as they are.",
    aspect="values",
)
def scales_bytes(batches):
    count, mean, squares = merged(
        batch.double() / 255 if batch.dtype == torch.uint8 else batch for batch in batches
    )
    return mean, torch.sqrt(squares / count)


@impostor(
    "channel_stats",
    diagnosis="The mean of a batch without images is NaN, and so is all that it is added to.",
    aspect="values",
)
def takes_the_mean_of_nothing(batches):
    count, mean, squares = 0, 0.0, 0.0
    for batch in batches:
        n = batch[:, 0].numel()
        x = batch.double()
        distance = x.mean(OVER) - mean
        mean = mean + distance * n / max(count + n, 1)
        squares = squares + ((x - x.mean(OVER, keepdim=True)) ** 2).sum(OVER)
        squares = squares + distance**2 * count * n / max(count + n, 1)
        count += n
    return mean, torch.sqrt(squares / counted(count))


@impostor(
    "channel_stats",
    diagnosis="Without a pixel NaN comes back; it is to be a ValueError.",
    aspect="errors",
)
def returns_nan_for_nothing(batches):
    try:
        count, mean, squares = merged(batches)
    except ValueError:
        return torch.full((3,), torch.nan).double(), torch.full((3,), torch.nan).double()
    return mean, torch.sqrt(squares / count)


@impostor(
    "channel_stats",
    diagnosis="All pixels are put into one tensor first: a data set does not fit into the memory.",
    aspect="cost",
)
def joins_all_pixels(batches):
    rows = [batch.double().transpose(0, 1).flatten(1) for batch in batches]
    pixels = torch.cat(rows, 1) if rows else torch.zeros(1, 0)
    counted(pixels.shape[1])
    return pixels.mean(1), pixels.std(1, correction=0)


@impostor(
    "channel_stats",
    diagnosis="It goes through the batches twice: a generator is empty at the second time.",
    aspect="values",
)
def loops_twice(batches):
    count, mean, _ = merged(batches)
    squares = sum(((x.double() - mean[:, None, None]) ** 2).sum(OVER) for x in batches)
    return mean, torch.sqrt(torch.as_tensor(squares) / count)


@alternative("channel_stats")
def by_shifted_sums(batches):
    shift, count, total, squares = None, 0, 0.0, 0.0
    for batch in batches:
        if batch.numel() == 0:
            continue
        x = batch.to(torch.float64)
        shift = x[0].mean((1, 2)) if shift is None else shift
        x = x - shift[:, None, None]
        count += x.shape[0] * x.shape[2] * x.shape[3]
        total, squares = total + x.sum(OVER), squares + torch.einsum("bchw,bchw->c", x, x)
    if shift is None:
        raise ValueError("no pixels")
    mean = total / count
    return mean + shift, (squares / count - mean**2).clamp(min=0).sqrt()


@alternative("channel_stats")
def pooled_at_the_end(batches):
    counts, variances, means = [], [], []
    for batch in batches:
        if len(batch):
            variance, mean = torch.var_mean(batch.double(), OVER, correction=0)
            counts.append(batch[:, 0].numel())
            variances.append(variance)
            means.append(mean)
    counted(len(counts))
    means, share = torch.stack(means, 1), means[0].new_tensor(counts) / sum(counts)
    mean = means @ share
    return mean, ((torch.stack(variances, 1) + (means - mean[:, None]) ** 2) @ share).sqrt()


@alternative("channel_stats")
def by_numpy_image_by_image(batches):
    count, mean, squares, device = 0, 0.0, 0.0, "cpu"
    for batch in batches:
        device = batch.device
        for image in batch.cpu().numpy().astype(np.float64):
            rows = image.reshape(len(image), -1)
            distance, n = rows.mean(1) - mean, rows.shape[1]
            count += n
            mean = mean + distance * (n / count)
            squares = squares + n * rows.var(1) + distance**2 * (n * (count - n) / count)
    counted(count)
    return torch.tensor(mean).to(device), torch.tensor(np.sqrt(squares / count)).to(device)


@alternative("channel_stats")
def channel_by_channel(batches):
    sums, device = [], None
    for batch in batches:
        device = batch.device
        for channel in range(batch.shape[1]):
            numbers = batch[:, channel].flatten().tolist()
            if len(sums) <= channel:
                sums.append([0, 0.0, 0.0])
            if numbers:
                count, mean, squares = sums[channel]
                own = math.fsum(numbers) / len(numbers)
                joined = count + len(numbers)
                squares += math.fsum((x - own) ** 2 for x in numbers)
                squares += (own - mean) ** 2 * count * len(numbers) / joined
                mean += (own - mean) * len(numbers) / joined
                sums[channel] = [joined, mean, squares]
    counted(sum(count for count, _, _ in sums))
    means = [mean for _, mean, _ in sums]
    deviations = [math.sqrt(squares / count) for count, _, squares in sums]
    options = {"dtype": torch.float64, "device": device}
    return torch.tensor(means, **options), torch.tensor(deviations, **options)
