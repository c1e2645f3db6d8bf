"""The checks of shapes/k09_channels_last: the numbers of x, index by index, and their strides."""

import torch

from dojo.checks import Benchmark, aspect, dtype_name, expect, expect_tensor, expect_values
from dojo.checks.laws import MovingFunction, places

FORMAT = (
    "returned a tensor with the strides {strides}, which is not contiguous in the memory format "
    "torch.channels_last; the strides {expected} are."
)
PIXEL = "In memory, the C numbers of a pixel come side by side, then the next pixel of its row."
ONES = "Where one size is 1, the other dimensions still need their order."
# dimensions from outermost to innermost in memory, and the way back to N, C, H, W
ORDERS = [("N, H, W, C", (0, 2, 3, 1), (0, 3, 1, 2)), ("N, W, H, C", (0, 3, 2, 1), (0, 3, 2, 1))]


def image_by_image(x):
    """Each image on its own, and then all of them once more."""
    return torch.stack([image.permute(1, 2, 0).contiguous() for image in x]).permute(0, 3, 1, 2)


BENCHMARK = Benchmark(
    "to_channels_last",
    means="x: shape (n, 16, 32, 32), float32",
    inputs=lambda n: ((torch.arange(n * 2**14) % 7.0).reshape(n, 16, 32, 32),),
    sizes=(1, 16, 256),
    bytes_moved=lambda n: 2 * 4 * n * 2**14,  # read x, write it
    naive=image_by_image,
)


def expect_channels_last(got, row, where=""):
    """Fail unless the numbers of each pixel lie side by side, pixel after pixel."""
    expect_tensor(got)
    _, channels, height, width = got.shape
    expected = (channels * height * width, 1, channels * width, channels)
    is_right = got.is_contiguous(memory_format=torch.channels_last)
    hint = f"{ONES if 1 in row.expected.shape else PIXEL} {where}".strip()
    expect(is_right, FORMAT.format(strides=got.stride(), expected=expected), hint)


class TestToChannelsLast(MovingFunction):
    name = "to_channels_last"
    fixes_strides = True
    shapes = [(2, 3, 4, 5), (2, 1, 3, 4), (2, 3, 1, 1), (1, 3, 4, 2), (2, 3, 1, 4), (2, 3, 4, 1)]
    shapes += [(1, 1, 1, 1)]
    # others lie channels last already, and may come back themselves
    gradient_cases = [(places((2, 3, 2, 2)),), (places((1, 3, 4, 2)),)]
    hints = {
        "shape": "The shape stays (N, C, H, W); only the order in memory changes.",
        "values": "result[n, c, h, w] is x[n, c, h, w]: moving numbers in memory moves none to"
        " another index.",
        "memory": "Make a new tensor of x where its memory must change, and leave x as it is.",
        "gradient": "What was given to result[n, c, h, w] is the gradient of x[n, c, h, w].",
    }
    sentences = {
        "test_has_the_shape": "The shape stays (N, C, H, W), sizes of 1 included.",
        "test_values": "result[n, c, h, w] is x[n, c, h, w], in whichever order x lies in memory.",
    }

    def truth(self, x):
        return x

    @aspect("memory")
    def test_lies_in_memory_channels_last(self, solution, device):
        """The result is contiguous in the memory format channels_last."""
        for record in self.records(solution, device, self.first_rows(device)):
            expect_channels_last(record.got, record.row)

    @aspect("memory")
    def test_lies_so_for_every_order(self, solution, device):
        """So it is, with the same values, in whichever order x lies in memory."""
        for row, where, x in self.orders:
            got = self.call(solution, [x.to(device)])
            expect_values(got, x, f"{self.hints['values']} {where}", rtol=0, atol=0)
            expect_channels_last(got, row, where)

    @aspect("memory")
    def test_lies_so_for_every_dtype(self, solution, device):
        """So it is in every dtype, and where x is a part of a larger memory or repeats itself."""
        for record in self.records(solution, device, self.usual(device)):
            name = dtype_name(record.row.dtype)
            expect_channels_last(record.got, record.row, f"{record.row.words} Here x is {name}.")

    @property
    def orders(self):
        """Each plain row in other orders, and with one channel repeated."""
        for row in self.plain:
            x = row.templates[0].x
            for name, order, back in ORDERS:
                there = x.permute(order).contiguous().permute(back)
                yield row, f"Here x lies in the order {name}.", there
            yield row, "Here x is one channel, repeated.", x[:, :1].expand(x.shape)
