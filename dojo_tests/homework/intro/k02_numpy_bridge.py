import torch


def numpy_to_torch(array):
    return torch.from_numpy(array)


def torch_to_numpy(tensor):
    return tensor
