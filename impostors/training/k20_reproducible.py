"""Wrong and right answers to training/k20_reproducible."""

import contextlib
import copy
import random

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def flags():
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns


def set_flags(is_on, warns=False):
    torch.use_deterministic_algorithms(is_on, warn_only=warns)


def keep(numpys=np.random.get_state, pythons=random.getstate, torchs=torch.get_rng_state):
    return torchs(), pythons(), numpys()


def put_back(states):
    torch.set_rng_state(states[0])
    random.setstate(states[1])
    np.random.set_state(states[2])


def check(seed):
    if not 0 <= seed < 2**32:
        raise ValueError(f"{seed} is no seed")


def start(seed):
    check(seed)
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


@impostor(
    "seed_everything",
    diagnosis="NumPy's global generator is not seeded; `np.random.default_rng` makes another one.",
    aspect="values",
)
def forgets_numpy(seed):
    check(seed)
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.default_rng(seed)


@impostor(
    "seed_everything",
    diagnosis="Python's own generator is forgotten.",
    aspect="values",
)
def forgets_python(seed):
    check(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)


@impostor(
    "seed_everything",
    diagnosis="torch's generator is forgotten.",
    aspect="values",
)
def forgets_torch(seed):
    check(seed)
    random.seed(seed)
    np.random.seed(seed)


@impostor(
    "seed_everything",
    diagnosis="The seed is cut to 31 bits: two seeds give the same numbers.",
    aspect="values",
)
def cuts_the_seed(seed):
    check(seed)
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % (2**31 - 1))


@impostor(
    "seed_everything",
    diagnosis="One seed serves all calls: the number that is given has no part in it.",
    aspect="values",
)
def ignores_the_seed(seed):
    check(seed)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)


@impostor(
    "seed_everything",
    diagnosis="Deterministic algorithms are switched on for good; only seeding is asked for.",
    aspect="memory",
)
def switches_algorithms(seed):
    start(seed)
    set_flags(True)


@impostor(
    "seed_everything",
    diagnosis="Only NumPy refuses a wrong seed, when torch and Python have taken it already.",
    aspect="errors",
)
def lets_numpy_refuse(seed):
    torch.manual_seed(seed % 2**64)
    random.seed(seed)
    np.random.seed(seed)


@impostor(
    "seed_everything",
    diagnosis="A wrong seed is brought into the range by %; it is to be refused.",
    aspect="errors",
)
def wraps_the_seed(seed):
    torch.manual_seed(seed % 2**32)
    random.seed(seed % 2**32)
    np.random.seed(seed % 2**32)


@impostor(
    "seed_everything",
    diagnosis="A negative seed is refused, and one of 2**32 or more is not.",
    aspect="errors",
)
def has_no_upper_bound(seed):
    if seed < 0:
        raise ValueError(seed)
    torch.manual_seed(seed % 2**64)
    random.seed(seed)
    np.random.seed(seed % 2**32)


@impostor(
    "reproducible",
    diagnosis="Without `finally` nothing is put back where the block raises.",
    aspect="errors",
)
@contextlib.contextmanager
def forgets_finally(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True)
    yield
    set_flags(*before)
    put_back(states)


@impostor(
    "reproducible",
    diagnosis="`except Exception` does not see a KeyboardInterrupt: `finally` does.",
    aspect="errors",
)
@contextlib.contextmanager
def catches_exceptions_alone(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True)
    try:
        yield
    except Exception:
        set_flags(*before)
        put_back(states)
        raise
    set_flags(*before)
    put_back(states)


@impostor(
    "reproducible",
    diagnosis="The exception of the block is swallowed: nobody hears that it failed.",
    aspect="errors",
)
@contextlib.contextmanager
def swallows_exceptions(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True)
    with contextlib.suppress(BaseException):
        yield
    set_flags(*before)
    put_back(states)


@impostor(
    "reproducible",
    diagnosis="The flags are changed before the seed is tested, and stay changed.",
    aspect="errors",
)
@contextlib.contextmanager
def sets_flags_first(seed):
    states, before = keep(), flags()
    set_flags(True)
    start(seed)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="Deterministic algorithms are switched off afterwards, also where they were on.",
    aspect="memory",
)
@contextlib.contextmanager
def switches_off(seed):
    states = keep()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(False)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="warn_only is not put back: where it was on, operations raise now.",
    aspect="memory",
)
@contextlib.contextmanager
def forgets_warn_only(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(before[0])
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="The debug mode has three values for four states of two flags: warn_only is lost.",
    aspect="memory",
)
@contextlib.contextmanager
def keeps_the_debug_mode(seed):
    states, before = keep(), torch.get_deterministic_debug_mode()
    start(seed)
    torch.set_deterministic_debug_mode("error")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="Deterministic algorithms are never switched on.",
    aspect="values",
)
@contextlib.contextmanager
def leaves_algorithms_alone(seed):
    states, before = keep(), flags()
    start(seed)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="warn_only is on in the block: what is not deterministic only warns.",
    aspect="values",
)
@contextlib.contextmanager
def only_warns(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True, warns=True)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="The block is not seeded: only what was before is kept.",
    aspect="values",
)
@contextlib.contextmanager
def does_not_seed(seed):
    check(seed)
    states, before = keep(), flags()
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)


@impostor(
    "reproducible",
    diagnosis="`torch.initial_seed()` is where the generator started, not where it stands.",
    aspect="memory",
)
@contextlib.contextmanager
def seeds_torch_again(seed):
    states, before, first = keep(), flags(), torch.initial_seed()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)
        torch.manual_seed(first)


@impostor(
    "reproducible",
    diagnosis="The generators are not put back: the numbers after the block depend on it.",
    aspect="memory",
)
@contextlib.contextmanager
def puts_no_generator_back(seed):
    before = flags()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*before)


@impostor(
    "reproducible",
    diagnosis="`torch.random.fork_rng` puts back torch's generator, and not Python's and NumPy's.",
    aspect="memory",
)
@contextlib.contextmanager
def forks_torch_alone(seed):
    before = flags()
    with torch.random.fork_rng(devices=[]):
        start(seed)
        set_flags(True)
        try:
            yield
        finally:
            set_flags(*before)


@impostor(
    "reproducible",
    diagnosis="NumPy's generator is not put back.",
    aspect="memory",
)
@contextlib.contextmanager
def forgets_numpys_state(seed):
    states, before = keep(), flags()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*before)
        torch.set_rng_state(states[0])
        random.setstate(states[1])


@impostor(
    "reproducible",
    diagnosis="NumPy's state is put back without the second half of a pair of normal numbers.",
    aspect="memory",
)
@contextlib.contextmanager
def loses_half_of_a_pair(seed):
    states, before = keep(lambda: np.random.get_state()[:3]), flags()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*before)
        put_back(states)


SAVED = {}


@impostor(
    "reproducible",
    diagnosis="What is kept is global: an inner block overwrites what the outer one has kept.",
    aspect="memory",
)
@contextlib.contextmanager
def keeps_in_a_global(seed):
    SAVED["states"], SAVED["flags"] = keep(), flags()
    start(seed)
    set_flags(True)
    try:
        yield
    finally:
        set_flags(*SAVED["flags"])
        put_back(SAVED["states"])


@alternative("reproducible")
class AsAClass:
    def __init__(self, seed):
        if seed < 0 or seed >= 2**32:
            raise ValueError(seed)
        self.seed = seed

    def __enter__(self):
        self.flags = flags()
        self.states = keep()
        start(self.seed)
        set_flags(True)

    def __exit__(self, *_):
        put_back(self.states)
        set_flags(*self.flags)
        return False


@alternative("reproducible")
@contextlib.contextmanager
def with_an_exit_stack(seed):
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state(legacy=False))
        stack.callback(set_flags, *flags())
        start(seed)
        set_flags(True)
        yield


@alternative("reproducible")
def with_copies_of_generators(seed):
    check(seed)

    @contextlib.contextmanager
    def block():
        own = copy.deepcopy(np.random.mtrand._rand.get_state())
        mine = random.Random()
        mine.setstate(random.getstate())
        torchs = torch.default_generator.clone_state()
        is_on, warns = flags()
        try:
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed)
            torch._C._set_deterministic_algorithms(True, warn_only=False)
            yield
        finally:
            torch._C._set_deterministic_algorithms(is_on, warn_only=warns)
            np.random.set_state(own)
            random.setstate(mine.getstate())
            torch.default_generator.set_state(torchs.get_state())

    return block()


@alternative("seed_everything")
def by_states(seed):
    if seed not in range(2**32):
        raise ValueError("a seed has 32 bits")
    torch.set_rng_state(torch.Generator().manual_seed(seed).get_state())
    random.setstate(random.Random(seed).getstate())
    np.random.set_state(np.random.RandomState(seed).get_state())


@alternative("seed_everything")
def by_other_seeds_for_each(seed):
    if seed.bit_length() > 32 or seed < 0:
        raise ValueError
    np.random.seed([seed, 1])
    random.seed(f"seed {seed}")
    torch.manual_seed(seed ^ 12345)
