import torch


def random_tensor(device="cpu"):
    return torch.rand(2, 3, 4, device=device)
