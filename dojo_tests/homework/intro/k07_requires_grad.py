import torch


def tracked_tensor(device="cpu"):
    return torch.randn(3, 3, requires_grad=True, device=device)


def is_tracked(x):
    return x.requires_grad


def gradient_of_mean(x):
    y = (x + 2).mean()
    y.backward()
    return x.grad
