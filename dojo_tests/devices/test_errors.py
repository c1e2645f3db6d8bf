"""Where devices do not agree, the error is in the words of torch."""

import numpy as np
import pytest
import torch


def test_mixed_devices_raise_in_the_words_of_torch(cuda):
    words = "Expected all tensors to be on the same device, but found at least two devices, "
    with pytest.raises(RuntimeError) as error:
        torch.ones(2).cuda() + torch.ones(2)
    assert str(error.value) == words + "cuda:0 and cpu!"


@pytest.mark.parametrize("convert", [np.asarray, np.from_dlpack, torch.Tensor.numpy])
def test_numpy_refuses_a_gpu_tensor_in_the_words_of_torch(cuda, convert):
    with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        convert(torch.ones(2, device="cuda"))


def test_a_second_gpu_is_an_invalid_device_ordinal(cuda):
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.zeros(2, device="cuda:1")
