"""Wrong and right answers to autograd/k17_checkpoint."""

import itertools
import weakref

import torch
import torch.utils.checkpoint

from dojo.impostors import alternative, impostor


def states_now():
    return torch.get_rng_state(), torch.cuda.get_rng_state_all()


def go_to(states):
    torch.set_rng_state(states[0])
    torch.cuda.set_rng_state_all(states[1])


def detached(args):
    """Arguments for a second run: tensors of their own, which require grad where args do."""
    return [
        one.detach().requires_grad_(one.requires_grad) if isinstance(one, torch.Tensor) else one
        for one in args
    ]


def number():
    return torch.zeros((), requires_grad=True)


class Again(torch.autograd.Function):
    """The right answer; those below change one thing."""

    @staticmethod
    def forward(ctx, _, f, *args):
        ctx.f, ctx.args, ctx.states = f, args, states_now()
        return f(*args)

    @classmethod
    def second_run(cls, ctx, grad):
        now, args = states_now(), detached(ctx.args)
        go_to(ctx.states)
        with torch.enable_grad():
            output = ctx.f(*args)
        go_to(now)
        torch.autograd.backward(output, grad)
        return (None, None, *(getattr(one, "grad", None) for one in args))

    @staticmethod
    def backward(ctx, grad):
        return Again.second_run(ctx, grad)


@impostor(
    "checkpoint",
    diagnosis="f runs as it is: autograd keeps all that it always keeps.",
    aspect="memory",
)
def calls_f(f, *args):
    return f(*args)


@impostor(
    "checkpoint",
    diagnosis="Where no argument is tracked, the result of a Function does not require grad.",
    aspect="gradient",
)
def forgets_the_parameters(f, *args):
    return Again.apply(None, f, *args)


class OtherNumbers(Again):
    @staticmethod
    def backward(ctx, grad):
        now = states_now()
        ctx.states = now
        found = Again.second_run(ctx, grad)
        go_to(now)
        return found


@impostor(
    "checkpoint",
    diagnosis="The second run draws other random numbers: another dropout than in the call.",
    aspect="gradient",
)
def draws_other_numbers(f, *args):
    return OtherNumbers.apply(number(), f, *args)


class StaysThere(Again):
    @staticmethod
    def backward(ctx, grad):
        args = detached(ctx.args)
        go_to(ctx.states)
        with torch.enable_grad():
            output = ctx.f(*args)
        torch.autograd.backward(output, grad)
        return (None, None, *(getattr(one, "grad", None) for one in args))


@impostor(
    "checkpoint",
    diagnosis="The generator is not put back after the second run: what follows draws again.",
    aspect="memory",
)
def leaves_the_generator_there(f, *args):
    return StaysThere.apply(number(), f, *args)


class OfTheCpu(Again):
    @staticmethod
    def backward(ctx, grad):
        now = states_now()
        ctx.states = ctx.states[0], now[1]
        found = Again.second_run(ctx, grad)
        go_to(now)
        return found


@impostor(
    "checkpoint",
    diagnosis="Only the CPU's generator is set back; the GPU has one of its own.",
    aspect="gradient",
)
def forgets_the_gpu(f, *args):
    return OfTheCpu.apply(number(), f, *args)


class Seeds(Again):
    @staticmethod
    def forward(ctx, _, f, *args):
        torch.manual_seed(0)
        return Again.forward(ctx, _, f, *args)


@impostor(
    "checkpoint",
    diagnosis="A seed is set before each run: f then draws the same numbers in every call.",
    aspect="values",
)
def sets_a_seed(f, *args):
    return Seeds.apply(number(), f, *args)


class Attached(Again):
    @staticmethod
    def backward(ctx, grad):
        now = states_now()
        go_to(ctx.states)
        with torch.enable_grad():
            output = ctx.f(*ctx.args)
        go_to(now)
        torch.autograd.backward(output, grad)
        return (None,) * (2 + len(ctx.args))


@impostor(
    "checkpoint",
    diagnosis="The arguments are not detached: the second pass goes on into what made them.",
    aspect="gradient",
)
def leaves_the_arguments_attached(f, *args):
    return Attached.apply(number(), f, *args)


class ArgumentsAlone(Again):
    @staticmethod
    def backward(ctx, grad):
        now, args = states_now(), detached(ctx.args)
        tracked = [
            place
            for place, one in enumerate(args)
            if isinstance(one, torch.Tensor) and one.requires_grad
        ]
        go_to(ctx.states)
        with torch.enable_grad():
            output = ctx.f(*args)
        go_to(now)
        result = [None] * len(args)
        if tracked:
            found = torch.autograd.grad(output, [args[place] for place in tracked], grad)
            for place, one in zip(tracked, found):
                result[place] = one
        return (None, None, *result)


@impostor(
    "checkpoint",
    diagnosis="`torch.autograd.grad` for the arguments leaves out the parameters of f.",
    aspect="gradient",
)
def differentiates_for_arguments_alone(f, *args):
    return ArgumentsAlone.apply(number(), f, *args)


class Copies(Again):
    @staticmethod
    def forward(ctx, _, f, *args):
        found = Again.forward(ctx, _, f, *args)
        ctx.args = [
            one.detach().clone().requires_grad_(one.requires_grad)
            if isinstance(one, torch.Tensor)
            else one
            for one in args
        ]
        return found


@impostor(
    "checkpoint",
    diagnosis="Copies of the arguments are kept, which takes their memory once more.",
    aspect="memory",
)
def keeps_copies(f, *args):
    return Copies.apply(number(), f, *args)


class InForward(Again):
    @staticmethod
    def forward(ctx, _, f, *args):
        ctx.args = detached(args)
        with torch.enable_grad():
            ctx.output = f(*ctx.args)
        return ctx.output.detach()

    @staticmethod
    def backward(ctx, grad):
        torch.autograd.backward(ctx.output, grad)
        return (None, None, *(getattr(one, "grad", None) for one in ctx.args))


@impostor(
    "checkpoint",
    diagnosis="The graph of f is kept on ctx from the call on, with all that it holds.",
    aspect="memory",
)
def keeps_the_graph(f, *args):
    return InForward.apply(number(), f, *args)


class Last(Again):
    last = None

    @staticmethod
    def forward(ctx, _, f, *args):
        Last.last = f, args, states_now()
        return f(*args)

    @staticmethod
    def backward(ctx, grad):
        ctx.f, ctx.args, ctx.states = Last.last
        return Again.second_run(ctx, grad)


@impostor(
    "checkpoint",
    diagnosis="f and its arguments are kept on the class: the next call takes their place.",
    aspect="gradient",
)
def keeps_the_last_call(f, *args):
    return Last.apply(number(), f, *args)


@impostor(
    "checkpoint",
    diagnosis="f runs again for each tensor that autograd would have saved.",
    aspect="cost",
)
def runs_for_each_saved_tensor(f, *args):
    states, count = states_now(), itertools.count()

    def unpack(place):
        seen, now = [], states_now()
        go_to(states)
        hooks = torch.autograd.graph.saved_tensors_hooks(seen.append, id)
        with torch.enable_grad(), hooks:
            f(*detached(args))
        go_to(now)
        return seen[place].detach()

    with torch.autograd.graph.saved_tensors_hooks(lambda _: next(count), unpack):
        return f(*args)


@impostor(
    "checkpoint",
    diagnosis="It makes the result require grad under no_grad too.",
    aspect="values",
)
def ignores_no_grad(f, *args):
    with torch.enable_grad():
        return Again.apply(number(), f, *args)


@impostor(
    "checkpoint",
    diagnosis="It calls torch.utils.checkpoint, which is what the kata makes.",
    aspect="structure",
)
def calls_torchs_checkpoint(f, *args):
    return torch.utils.checkpoint.checkpoint(f, *args, use_reentrant=False)


@alternative("checkpoint")
def with_args_on_ctx(f, *args):
    return Again.apply(number(), f, *args)


@alternative("checkpoint")
def with_hooks_of_saved_tensors(f, *args):
    """The graph is there, and what it would have saved is computed when it is asked for."""
    states, count, found = states_now(), itertools.count(), []

    def collect(saved):
        found.append(saved.detach())

    def unpack(place):
        if not found:
            now = states_now()
            go_to(states)
            hooks = torch.autograd.graph.saved_tensors_hooks(collect, id)
            with torch.enable_grad(), hooks:
                f(*detached(args))
            go_to(now)
        return found[place]

    with torch.autograd.graph.saved_tensors_hooks(lambda _: next(count), unpack):
        return f(*args)


class Forked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, f, states, _, *args):
        ctx.f, ctx.args, ctx.states = f, args, states
        with torch.no_grad():
            return f(*args)

    @staticmethod
    def backward(ctx, grad):
        args = []
        for one, is_tracked in zip(ctx.args, ctx.needs_input_grad[3:]):
            if isinstance(one, torch.Tensor):
                one = one.detach()
                one.requires_grad = is_tracked
            args.append(one)
        with torch.random.fork_rng():
            torch.set_rng_state(ctx.states[0])
            if torch.cuda.is_available():
                torch.cuda.set_rng_state(ctx.states[1])
            with torch.set_grad_enabled(True):
                (ctx.f(*args) * grad).sum().backward()
        return None, None, None, *(getattr(one, "grad", None) for one in args)


@alternative("checkpoint")
def with_a_fork(f, *args):
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    if not torch.is_grad_enabled():
        return f(*args)
    states = torch.get_rng_state(), cuda
    return Forked.apply(f, states, torch.empty(0, requires_grad=True), *args)


class Identity(torch.autograd.Function):
    """What comes out is a result that was computed before."""

    @staticmethod
    def forward(ctx, run_again, result, _, *args):
        ctx.run_again = run_again
        return result.view_as(result)

    @staticmethod
    def backward(ctx, grad):
        return None, None, None, *ctx.run_again(grad)


@alternative("checkpoint")
def with_a_closure(f, *args):
    states = states_now()
    with torch.no_grad():
        result = f(*args)

    def run_again(grad):
        now, leaves = states_now(), detached(args)
        go_to(states)
        with torch.enable_grad():
            output = f(*leaves)
        go_to(now)
        output.backward(grad)
        return [getattr(one, "grad", None) for one in leaves]

    return Identity.apply(run_again, result, number(), *args)


class Saved(torch.autograd.Function):
    """Tensors go through save_for_backward, and what is left stays on ctx."""

    @staticmethod
    def forward(ctx, _, f, *args):
        ctx.f, ctx.states, ctx.rest = f, states_now(), dict(enumerate(args))
        ctx.places = [place for place, one in ctx.rest.items() if torch.is_tensor(one)]
        ctx.save_for_backward(*[ctx.rest.pop(place) for place in ctx.places])
        with torch.no_grad():
            return f(*args)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        found = {**ctx.rest, **dict(zip(ctx.places, detached(ctx.saved_tensors)))}
        args = [found[place] for place in sorted(found)]
        with torch.random.fork_rng(), torch.enable_grad():
            go_to(ctx.states)
            output = ctx.f(*args)
        torch.autograd.backward([output], [grad])
        return None, None, *(one.grad if torch.is_tensor(one) else None for one in args)


@alternative("checkpoint")
def with_saved_tensors(f, *args):
    return Saved.apply(number(), f, *args)


class Holder:
    """Stands in the graph for a tensor that is not kept."""


@alternative("checkpoint")
def with_holders(f, *args):
    """Hooks, as torch's own way has them without reentry: what nobody holds is not found again."""
    states, holders, found = states_now(), [], weakref.WeakKeyDictionary()

    def pack(_):
        holders.append(weakref.ref(holder := Holder()))
        return holder

    def unpack(holder):
        if holder not in found:
            now, places = states_now(), iter(holders)

            def put_back(tensor):
                if (one := next(places)()) is not None:
                    found[one] = tensor.detach()

            go_to(states)
            with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(put_back, id):
                f(*detached(args))
            go_to(now)
        return found[holder]

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        return f(*args)
