"""The checks of layers/k04_dropout: what is certain by NumPy, and what is drawn by statistics.

A right answer fails in fewer than one case of 10^9 in all that is drawn here.
"""

import numpy as np
import torch

from dojo.checks import (
    Call,
    aspect,
    expect,
    expect_dtype,
    expect_made_without,
    expect_new_memory,
    expect_shape,
    expect_values,
    gradients,
    in_layout,
    layouts,
)
from dojo.checks.draws import expect_share, seed_torch
from dojo.checks.laws import FLOATS, ModuleClass
from dojo.checks.laws.numbers import is_rounded
from dojo.checks.laws.settings import settings_untouched, settings_watched
from dojo.checks.laws.wording import KEEP, PUT_BACK, SETTINGS
from dojo.checks.memory import untouched

ROWS = [[3.0, -6.0, 9.0], [1.5, 12.0, -0.5]]
SCALE = "What is kept is divided by 1 - p, in train mode."
DIGITS = (
    "Only the last digits differ: divide by 1 - p itself, a number of Python. A mask of bools times"
    " such a number is float32."
)
SHARE = "p is the probability of 0, not that of staying."
EACH = "Draw one number for each entry of x, and none of them twice."
FIXED = "Each entry is drawn by itself: there is no fixed number of zeros."
ANEW = "Draw in forward, from torch's global generator, with the shape of the x at hand."
COARSE = (
    "bfloat16 has random numbers, and numbers just below 1, in steps of 1/256: draw float32"
    " numbers, and compare them with self.p, a number of Python."
)
NO_GRAD = "Here grad mode is off; it is self.training that decides, not grad mode."
SEED = "Set no seed: draw from torch's global generator as it is."
READ = "Read self.p at each call: it may have been changed."
ONLY_TRAIN = "In eval mode, and when a module is made, nothing is drawn."
RANGE = "A probability lies from 0 to 1, and both of these are allowed."
SHAPES = [(4, 5, 6), (60,), (2, 0, 3), ()]
LARGE = (20, 10, 100)


def numbers(shape):
    """Numbers of which none is 0, and all digits fit into float16 and bfloat16."""
    return torch.arange(1, 1 + int(np.prod(shape))).reshape(shape) % 32 + 1.0


def run(solution, p, x):
    """What a new module gives for x in train mode; the message of what fails shows that call."""
    module = solution.Dropout(p)
    solution.last_call = Call(f"Dropout({p})", [x], {})
    return module(x)


class TestDropout(ModuleClass):
    name = "Dropout"
    dtypes = FLOATS
    memory = "free"
    # p, and whether the module trains: what comes out is certain
    cases = [(ROWS, 0.5, False), (ROWS, 0.0, True), (ROWS, 1.0, True), (ROWS, 1.0, False)]
    cases += [([[[1.5], [2.0]]], 0.25, False), ([[4.0]], 0.25, False)]
    cases += [([-2.0, 4.0], 0, True), (2.0, 1, True), (np.zeros((0, 3)), 0.25, False)]
    refused_when_made = [((p,), ValueError, RANGE) for p in (-0.1, 1.5, 2, -1, 1.0001)]
    forbidden = ".*dropout.*"
    hints = {
        "parameters": "p is a plain number: neither a Parameter nor a buffer.",
        "buffers": "p is a plain number, and a mask is not kept.",
        "dtype": "A mask of another dtype makes the product wider: give it the dtype of x.",
        "device": "Draw on the device of x.",
        "mixed": "Draw on the device of x: `torch.rand(x.shape)` alone makes float32 on the CPU.",
        "values": "In eval mode and with p = 0, x comes out; with p = 1 zeros do.",
        "tracked": "Multiply x itself, also where p is 1: a new tensor of zeros is cut off.",
        "gradient": "Gradients go through the same factors: 1 in eval mode, 0 where p is 1.",
        "memory": "Write nothing into x: what is dropped is 0 in a new tensor.",
        "setting": ONLY_TRAIN,
        "forbidden": "The kata is to make it from random numbers and a product.",
    }
    sentences = {
        "test_returns_a_tensor": "Dropout makes an nn.Module with an empty state_dict.",
        "test_values": "In eval mode x comes out; in train mode too with p = 0, and zeros with"
        " p = 1.",
        "test_gradients": "The gradient is 1 in eval mode and with p = 0, and 0 with p = 1.",
    }

    def made_with(self, x, p, training):
        return (p,)

    def trains(self, x, p, training):
        return training

    def truth(self, x, p, training):
        return x * (1 - p) if training else x

    def gradient(self, weights, x, p, training):
        return [weights * (1 - p) if training else weights]

    def why(self, law, arguments, got, expected):
        _, p, training = arguments
        if law == "type" or not got.numel():
            return ""
        if got.isnan().any():
            return "With p = 1 the factor 1 / (1 - p) is inf, and inf * 0 is NaN."
        if law == "values" and not training and 0 < p < 1:
            return "In eval mode x comes out as it is, not scaled either: ask self.training."
        return f"{SHARE} {self.hints['values']}" if law == "values" and training else ""

    def expect_dropped(self, x, got, p):
        """Fail unless each entry is 0 or x / (1 - p)."""
        expect_shape(got, x.shape, "Every entry has its place.")
        expect_dtype(got, x.dtype, self.hints["dtype"])
        kept = (x.double() / (1 - p)).to(x.dtype).cpu()
        expected = torch.where(got.detach().cpu() == 0, torch.zeros_like(kept), kept)
        limit = 4 * torch.finfo(x.dtype).eps
        hint = DIGITS if is_rounded(got.detach().cpu(), expected) else SCALE
        expect_values(got, expected, hint, "a kept entry", rtol=limit, atol=0)

    @aspect("values")
    def test_train_mode(self, solution, device):
        """In train mode each entry is 0 or x / (1 - p), in every dtype and layout."""
        asked = [(shape, dtype, "contiguous") for shape, dtype in zip(SHAPES, FLOATS, strict=True)]
        kinds = zip(layouts(torch.ones(1)), FLOATS, strict=True)
        asked += [(SHAPES[0], dtype, layout) for layout, dtype in kinds]
        for shape, dtype, layout in asked:
            x = in_layout(numbers(shape).to(dtype), layout).to(device)
            got = run(solution, 0.25, x)
            self.expect_dropped(x, got, 0.25)
            is_some = shape != SHAPES[0] or 0 < int((got == 0).sum()) < x.numel()
            expect(is_some, "dropped all entries, or none.", EACH)

    @aspect("values")
    def test_each_entry_by_itself(self, solution):
        """Entries are dropped independently of each other and of earlier calls."""
        module, x = solution.Dropout(0.5), torch.ones(1, 1, 1).expand(LARGE)
        solution.last_call = Call("Dropout(0.5)", [x], {})
        zeros, again = ((module(x) == 0).numpy() for _ in range(2))
        other = (run(solution, 0.5, x) == 0).numpy()
        for dim in range(3):  # by chance, two are alike with the probability 0.5
            rows = np.moveaxis(zeros, dim, 0)
            words = f"dropped or kept together, along dimension {dim},"
            expect_share(rows[1:] == rows[:-1], 0.5, words, EACH, "pairs of neighbours")
        half = LARGE[0] // 2
        words = "dropped or kept together"
        expect_share(zeros[half:] == zeros[:half], 0.5, words, EACH, "pairs of both halves of x")
        expect_share(zeros == other, 0.5, "treated as another module does", SEED)
        expect_share(zeros == again, 0.5, "treated as in the call before", ANEW)
        for shape in ((1,), ()):
            drawn = {float(run(solution, 0.5, torch.ones(shape))) for _ in range(40)}
            words = " and ".join(f"{number:g}" for number in sorted(drawn))
            is_right = drawn == {0.0, 2.0}
            expect(is_right, f"returned {words} in 40 calls; expected 0 and 2.", FIXED)

    @aspect("values")
    def test_share_of_zeros(self, solution, device):
        """In train mode the share p of the entries is 0, under no_grad too."""
        for p in (0.15, 0.7) if device == "cpu" else (0.3,):
            with torch.set_grad_enabled(p != 0.7):
                zeros = (run(solution, p, torch.ones(LARGE).to(device)) == 0).cpu().numpy()
            hint = SHARE if zeros.any() or p != 0.7 else NO_GRAD
            expect_share(zeros, p, "dropped", hint)

    @aspect("values")
    def test_share_in_16_bits(self, solution):
        """In bfloat16 the share is p too, for p near 0 and near 1."""
        x = torch.ones(LARGE, dtype=torch.bfloat16)
        for p in (0.002, 0.998):
            got = run(solution, p, x)
            expect_share((got == 0).numpy(), p, "dropped", COARSE)
            self.expect_dropped(x, got, p)

    @aspect("values")
    def test_draws_from_the_global_generator(self, solution, device):
        """The same seed gives the same zeros, and each call other ones."""
        module, found = solution.Dropout(0.5), []
        for _ in range(2):
            seed_torch(3)
            for _ in range(2):
                x = torch.ones(50).to(device)
                solution.last_call = Call("Dropout(0.5)", [x], {})
                found.append((module(x) == 0).tolist())
        expect(found[0] != found[1], "dropped the same entries at two calls.", ANEW)
        is_same = found[:2] == found[2:]
        expect(is_same, "dropped other entries after the same torch.manual_seed.", ANEW)

    @aspect("values")
    def test_reads_p_at_each_call(self, solution, device):
        """The attribute p holds p, which is 0.5 by default, and may be changed."""
        module = solution.Dropout()
        expect(getattr(module, "p", None) == 0.5, "has no attribute p that holds 0.5.", READ)
        for p in (1.0, 0.25, 0.0):
            module.p, x = p, numbers((200,)).to(device)
            solution.last_call = f"Dropout(), with p = {p} since then,"
            got = module(x)
            share = float((got == 0).float().mean())
            is_right = share == p if p in (0.0, 1.0) else 0 < share < 1
            expect(is_right, f"dropped {share:.0%} of 200 entries.", READ)
            if p < 1:
                self.expect_dropped(x, got, p)

    @aspect("gradient")
    def test_gradients_in_train_mode(self, solution, device):
        """In train mode the gradient is 0 where an entry was dropped, else 1 / (1 - p)."""
        for dtype in FLOATS if device == "cpu" else FLOATS[:1]:
            x = numbers((4, 5, 6)).to(dtype).to(device).requires_grad_()
            got = run(solution, 0.25, x)
            weights = numbers((4, 5, 6)).flip(0).to(dtype).to(device)
            found = gradients(got, {"x": x}, weights, self.hints["tracked"])["x"]
            kept = (weights.double() / 0.75).to(dtype).cpu()
            expected = torch.where(got.detach().cpu() == 0, torch.zeros_like(kept), kept)
            limit = 4 * torch.finfo(dtype).eps
            hint = "The gradient goes through the same mask and factor as x."
            expect_values(found, expected, hint, "the gradient of x", rtol=limit, atol=0)

    @aspect("memory")
    def test_keeps_x_and_earlier_results(self, solution, device):
        """In train mode x stays as it is, and so do the results of earlier calls."""
        module, x = solution.Dropout(0.5), numbers((50,)).to(device)
        solution.last_call = Call("Dropout(0.5)", [x], {})
        with untouched(self.hints["memory"], x=x), settings_watched(solution, True) as found:
            first = module(x)
            kept = first.clone()
            second = module(x)
        expect_new_memory(first, x, second, hint=KEEP)
        expect(torch.equal(first, kept), "changed the result of an earlier call.", KEEP)
        is_fine = not found.text or "torch's random" in found.text or "GPU's random" in found.text
        expect(is_fine, found.text, SETTINGS)

    @aspect("memory")
    def test_leaves_torch_as_it_is(self, solution, device):
        """In eval mode and when a module is made, nothing is drawn and no setting is changed."""
        with settings_watched(solution, thoroughly=True) as found:
            solution.Dropout(0.5)
        expect(not found.text, found.text, ONLY_TRAIN)
        rows = [row for row in self.usual(device) if not row.case[2]]
        self.expect_no_setting(self.ask_again(solution, device, rows[0], thoroughly=True))
        for record in self.records(solution, device, rows):
            self.expect_no_setting(record)
        module, x = solution.Dropout(0.5), numbers((5,)).to(device)
        with torch.no_grad(), settings_untouched(solution, PUT_BACK, may_draw=True):
            module(x)

    def expect_no_setting(self, record):
        """Fail if a call has changed a setting or drawn a number."""
        expect(not record.setting, record.setting, ONLY_TRAIN)

    @aspect("structure")
    def test_is_made_without(self, solution):
        """It is made without torch's dropouts, forward and backward."""
        for p, training in ((0.5, True), (0.5, False), (1.0, True), (0.0, True)):
            x = torch.ones(3, requires_grad=True)
            module = solution.Dropout(p).train(training)
            solution.last_call = Call(f"Dropout({p})", [x], {})
            expect_made_without(self.forbidden, module, x, hint=self.hints["forbidden"])
