"""The checks of attention/k18_mixture_of_experts: all experts for all rows, in NumPy."""

import functools

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    Benchmark,
    aspect,
    cost_of,
    expect,
    expect_no_growth,
    module_untouched,
)
from dojo.checks.laws import LargeScores, ModuleClass, exact_slopes
from dojo.checks.laws.module_calls import Part

ITSELF = "Keep the given modules themselves: `self.experts = nn.ModuleList(experts)`."
CHOSEN = "An expert gets the rows that have chosen it, once each, and no others: `rows[row]`."
CALL = "Call an expert as a module, `expert(rows)`, with rows of shape (n, dim)."
LOOP = "Loop over the experts, and give each of them all of its rows at once."
TOP_K = "top_k is from 1 to the number of experts, or else ValueError is raised."
MOST = 3  # experts


def everywhere(x, router, *experts):
    """Right for top_k = 2: all experts run for all rows, and most results get the weight 0."""
    p = (x @ router.T).softmax(-1)
    best = p.topk(2)
    weights = torch.zeros_like(p).scatter(-1, best.indices, best.values)
    results = torch.stack([expert(x) for expert in experts], -1)
    y = (results * (weights / weights.sum(-1, keepdim=True)).unsqueeze(-2)).sum(-1)
    f = (weights > 0).to(p.dtype).mean(0) / 2
    return y, len(experts) * (f * p.mean(0)).sum()


def made_and_called(answer, x, router, *experts):
    """The result of a new mixture with this router."""
    mixture = answer.MixtureOfExperts(x.shape[-1], experts, 2).to(x.device)
    mixture.router.weight.data = router
    return mixture(x)


def without_ties(n):
    """x and a router whose scores are exact in float32, and differ for each row."""
    x, router = torch.randint(4, (n, 128)).float(), torch.randint(-3, 4, (16, 128)) / 8
    x[:, 0], router[:, 0] = 1, torch.arange(16) / 128
    return x, router


BENCHMARK = Benchmark(
    "MixtureOfExperts",
    means="x: shape (n, 128), float32, 2 of 16 experts with 2 * 128 * 512 weights each",
    inputs=lambda n: (
        *without_ties(n),
        *(nn.Sequential(nn.Linear(128, 512), nn.ReLU(), nn.Linear(512, 128)) for _ in range(16)),
    ),
    sizes=(64, 512, 4096),
    bytes_moved=lambda n: 4 * (2 * n * 128 + 16 * 2 * 128 * 512),
    operations=lambda n: 2 * n * (2 * 2 * 128 * 512),
    naive=everywhere,
    call=made_and_called,
)


class TanhOfLinear(nn.Linear):
    """An expert: tanh(x·Wᵀ)."""

    def __init__(self, dim):
        super().__init__(dim, dim, bias=False)

    def forward(self, rows):
        return super().forward(rows).tanh()


@functools.cache
def some_experts(dim, count):
    """What stands for a list of experts."""
    text = f"[TanhOfLinear({dim}) for _ in range({count})]"
    return Part(text, lambda: [TanhOfLinear(dim) for _ in range(count)])


def numbers(*shape, seed):
    """From -2 to 2, with two decimals."""
    return np.round(np.random.default_rng(seed).uniform(-2, 2, shape), 2)


def case(shape, count, top_k, seed):
    """x, the router, the weights of up to three experts, and top_k."""
    dim = shape[-1]
    experts = [numbers(dim, dim, seed=seed + 2 + n) for n in range(count)]
    x, router = numbers(*shape, seed=seed), numbers(count, dim, seed=seed + 1)
    return (x, router, *experts, *[None] * (MOST - count), top_k)


# scores of 10,000 and 9,999 or 10,001 for two of the experts, and -10,000 for the third
LARGE_SCORES = (
    [[100.0, 1.0], [100.0, -1.0]],
    [[100.0, 0.0], [100.0, -1.0], [-100.0, 0.0]],
    *([[0.01, n], [n / 2, -0.5]] for n in range(MOST)),
    2,
)


class TestMixtureOfExperts(LargeScores, ModuleClass):
    name = "MixtureOfExperts"
    parameters = ("router.weight", *(f"experts.{n}.weight" for n in range(MOST)))
    tensors = ("x", *parameters)
    optional = ()  # an expert is given where there is one
    results = ("the result", "the loss")
    dtypes = (torch.float32, torch.float64)
    alone = ("x", "router.weight", "experts.1.weight")
    cases = [  # in the first one, each expert is chosen by some row
        case((4, 2), 3, 2, seed=16),
        case((2, 3, 5), 3, 1, seed=1),
        case((4,), 3, 1, seed=1),
        case((2, 1, 2, 3), 3, 2, seed=14),
        case((1, 5), 3, 3, seed=1),
    ]
    wild = [LARGE_SCORES]
    refused_when_made = [
        ((3, some_experts(3, count), top_k), ValueError, TOP_K)
        for count, top_k in ((2, 3), (2, 0), (2, -1), (0, 0), (0, 1))
    ]
    hints = {
        "parameters": "`router = nn.Linear(dim, E, bias=False)` and `experts = nn.ModuleList(...)`"
        " give these names.",
        "type": "forward returns a tuple of two: the result and the loss.",
        "shape": "The result has x's shape, and the loss no dimension: it is one number.",
        "dtype": "Stay in x's dtype: counts are integers, and f is as wide as p.",
        "raises": "x may have any number of dimensions: give it the shape (N, dim) first.",
        "precise": "A count divided by a count is float32: give the counts the dtype of p first.",
        "tracked": "Compute with torch's own operations, without `detach` or `no_grad`: the"
        " weights of the result lead to the router, and so does P.",
        "device": "What you make beside x, such as zeros or counts, has to lie where x lies.",
        "values": "A row gets the sum of p · expert(row) over its top_k experts, divided by the sum"
        " of their p: no row is left out, and nothing is random. The loss is E · Σ f · P.",
        "wild": "Here scores of the router are as large as 10,000.",
        "gradient": "Gradients reach the router by the weights of the result, and by P: detach"
        " neither. The results of the experts go on with their graph.",
        "memory": "Add to a new tensor; x and the parameters stay as they are.",
    }
    sentences = {
        "test_has_the_shape": "The result has x's shape, and the loss no dimension.",
        "test_values": "Each row has the weighted sum of its experts, and the loss is E · Σ f · P.",
        "test_wild_values": "Scores of 10,000 are right within 1 %.",
        "test_gradients": "Gradients reach x, the router and the experts that were chosen.",
    }

    def made_with(self, x, router, *rest):
        return router.shape[1], some_experts(router.shape[1], router.shape[0]), rest[-1]

    def parts(self, x, router, *rest):
        """The p of all rows, which experts these have chosen, and what each expert makes of x."""
        rows = x.reshape(-1, x.shape[-1])
        scores = (rows[:, None] * router).sum(-1)
        p = np.exp(scores - scores.real.max(-1, keepdims=True))
        p = p / p.sum(-1, keepdims=True)
        last = np.sort(p.real)[:, -rest[-1], None]
        made = [np.tanh((rows[:, None] * w).sum(-1)) for w in rest[:-1] if w is not None]
        return p, p.real >= last, np.stack(made, -1)

    def truth(self, x, router, *rest):
        p, chosen, made = self.parts(x, router, *rest)
        weights = p * chosen / (p * chosen).sum(-1, keepdims=True)
        y = (made * weights[:, None]).sum(-1).reshape(x.shape)
        return y, p.shape[1] * (chosen.mean(0) / rest[-1] * p.mean(0)).sum()

    def gradient(self, weights, *arguments):
        def total(*arrays):
            y, loss = self.truth(*arrays)
            return (y * weights[0]).sum() + loss * weights[1]

        given = enumerate(arguments[: len(self.tensors)])
        return [None if one is None else exact_slopes(total, arguments, n) for n, one in given]

    def others(self, x, router, *rest):
        p, chosen, made = self.parts(x, router, *rest)
        top_k, count = rest[-1], p.shape[1]
        right, f, mean = p * chosen, chosen.mean(0) / rest[-1], p.mean(0)
        right = right / right.sum(-1, keepdims=True)

        def mixed(weights):
            return (made * weights[:, None]).sum(-1).reshape(x.shape)

        again, down = np.exp(p) * chosen, np.exp(x.reshape(-1, x.shape[-1]) @ router.T)
        down = down / down.sum(0)
        down = down * (down >= np.sort(down)[:, -top_k, None])
        in_order, places = np.zeros(p.shape), np.sort(np.argsort(-p)[:, :top_k])
        np.put_along_axis(in_order, places, -np.sort(-right)[:, :top_k], -1)
        last = chosen * (chosen[:, ::-1].cumsum(-1)[:, ::-1] == 1)
        return {
            "The p of the chosen experts are not divided by their sum here.": mixed(p * chosen),
            "Softmax is taken a second time here, of p: divide by the sum.": mixed(
                again / again.sum(-1, keepdims=True)
            ),
            "All experts take part here: choose the top_k of each row.": mixed(p),
            "Each expert has the weight 1 here: multiply by its weight.": mixed(chosen * 1.0),
            "All chosen experts have the same weight here.": mixed(chosen / top_k),
            "A later expert overwrites an earlier one here: add them.": mixed(right * last),
            "The softmax goes over the rows here: it goes over the experts.": mixed(
                down / down.sum(-1, keepdims=True)
            ),
            "The input of an expert is weighted here: multiply its result.": (
                np.tanh(np.arctanh(made) * right[:, None]).sum(-1).reshape(x.shape)
            ),
            "The weights of a row go to its experts in a wrong order here.": mixed(in_order),
            "The loss lacks the factor E here.": (f * mean).sum(),
            "f adds up to top_k here: all choices are N · top_k.": count * top_k * (f * mean).sum(),
            "P is made of the chosen p alone here: it is the mean of all p.": (
                count * (f * (p * chosen).mean(0)).sum()
            ),
            "P is made of the weights here: it is the mean of p, before the choice.": (
                count * (f * right.mean(0)).sum()
            ),
            "This loss is E · Σ P²: count the choices for f.": count * (mean**2).sum(),
            "This loss is E · Σ f²: P is the mean of p.": count * (f**2).sum(),
            "f counts the first choice of each row alone here.": count
            * ((p.argmax(-1)[:, None] == np.arange(count)).mean(0) * mean).sum(),
        }

    def why(self, law, arguments, got, expected):
        return "" if law == "wild" else super().why(law, arguments, got, expected)

    def needed(self, *arguments):
        return ["router.weight"]

    @aspect("structure")
    def test_keeps_the_experts_themselves(self, solution):
        """The given modules are kept, and stay as they are."""
        solution.hint = ITSELF
        for kind in (list, tuple):
            given = kind([nn.Linear(3, 3), nn.Tanh().eval(), nn.Sequential(nn.Linear(3, 3).eval())])
            given[0].requires_grad_(False)
            with module_untouched(nn.ModuleList(given), ITSELF):
                mixture = solution.MixtureOfExperts(3, given, 2)
            held = dict(mixture.named_modules(remove_duplicate=False))
            for n, one in enumerate(given):
                sentence = f"has another object under the name experts.{n} than it was given."
                expect(held.get(f"experts.{n}") is one, sentence, ITSELF)

    @aspect("cost")
    def test_runs_the_chosen_alone(self, solution, device):
        """Each expert is given the rows that have chosen it, once, and no others."""
        configs = ((1, 1, 4), (2, 4, 4), (1, 3, 1))[: 3 if device == "cpu" else 2]
        for top_k, kept, count in configs:
            x, router = torch.tensor(X[:kept]), torch.tensor(ROUTER[:count])
            experts = [Spy(n) for n in range(count)]
            solution.hint = CALL
            mixture = solution.MixtureOfExperts(2, experts, top_k).to(device).train(top_k > 1)
            mixture.router.weight.data = router.to(device)
            mixture(x.to(device)[:, None])
            best = (x @ router.T).topk(top_k).indices
            for n, expert in enumerate(experts):
                flat = all(rows.dim() == 2 and rows.shape[1] == 2 for rows in expert.seen)
                shapes = [tuple(rows.shape) for rows in expert.seen]
                expect(flat, f"gave an expert tensors of the shapes {shapes}.", CALL)
                is_called = expert.runs == len(expert.seen)
                expect(is_called, f"ran expert {n} without its hooks.", CALL)
                got = torch.cat([torch.empty(0, 2), *(rows.cpu() for rows in expert.seen)])
                expected = x[(best == n).any(1)]
                words = f"gave expert {n} of {len(experts)} {len(got)} rows; {len(expected)} of"
                sentence = f"{words} {kept} have chosen it, with top_k = {top_k}."
                expect(len(got) == len(expected), sentence, CHOSEN)
                found = sorted(map(tuple, got.tolist())) == sorted(map(tuple, expected.tolist()))
                expect(found, f"gave expert {n} rows that have not chosen it.", CHOSEN)

    @aspect("cost")
    def test_does_not_loop_over_rows(self, solution):
        """The number of operations does not grow with the number of rows."""
        solution.hint, costs = LOOP, []
        mixture = solution.MixtureOfExperts(2, [nn.Tanh() for _ in ROUTER], 2)
        mixture.router.weight.data = torch.tensor(ROUTER)
        for times in (1, 30):
            cost = cost_of(mixture, torch.tensor(X).repeat(times, 1))
            steps = cost.lines + cost.numbers
            costs.append({"operations": cost.operations, "steps in Python": steps})
        expect_no_growth(*costs, (f"{len(X)} rows", f"{30 * len(X)} rows"), 10, LOOP)


X = [[1.0, 0.5], [-1.0, 0.25], [0.5, -1.0], [0.75, 1.0]]
ROUTER = [[1.0, 0.0], [-1.0, 0.5], [0.25, -2.0], [0.125, 2.0]]


class Spy(nn.Module):
    """An expert that notes what it gets."""

    def __init__(self, number):
        super().__init__()
        self.number, self.seen, self.runs = number, [], 0
        self.register_forward_pre_hook(lambda _, given: self.seen.append(given[0].detach()))

    def forward(self, rows):
        self.runs += 1
        return rows * self.number
