"""Wrong and right answers to layers/k15_sequential."""

import copy
import functools
import operator

from torch import nn

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the chains below share: they differ from it in one place."""

    def __init__(self, *modules):
        super().__init__()
        for module in modules:
            self.check(module)
        for place, module in enumerate(modules):
            self.register(place, module)

    def check(self, module):
        if not isinstance(module, nn.Module):
            raise TypeError(f"{module!r} is no module")

    def register(self, place, module):
        self.add_module(str(place), module)

    def run(self, module, x):
        return module(x)

    def forward(self, x):
        for module in self.in_order():
            x = self.run(module, x)
        return x

    def in_order(self):
        return list(self._modules.values())

    def __len__(self):
        return len(self.in_order())

    def __iter__(self):
        return iter(self.in_order())

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self.part(self.in_order()[index])
        return self.in_order()[index]

    def part(self, modules):
        return type(self)(*modules)


@impostor(
    "Sequential",
    diagnosis="The modules stand in a plain list: torch does not see their parameters.",
    aspect="type",
)
class KeepsAPlainList(Sound):
    def __init__(self, *modules):
        super().__init__()
        for module in modules:
            self.check(module)
        self.kept = list(modules)

    def in_order(self):
        return self.kept


@impostor(
    "Sequential",
    diagnosis="The modules stand in an nn.ModuleList, so that their names begin with its name.",
    aspect="type",
)
class KeepsAModuleList(Sound):
    def __init__(self, *modules):
        super().__init__()
        for module in modules:
            self.check(module)
        self.layers = nn.ModuleList(modules)

    def in_order(self):
        return list(self.layers)


@impostor(
    "Sequential",
    diagnosis="The names begin with 1; the first place is 0.",
    aspect="type",
)
class CountsFromOne(Sound):
    def register(self, place, module):
        self.add_module(str(place + 1), module)


@impostor(
    "Sequential",
    diagnosis="A list beside the registered modules goes on holding a module that was exchanged.",
    aspect="structure",
)
class KeepsAListBesides(Sound):
    def __init__(self, *modules):
        super().__init__(*modules)
        self.kept = modules

    def in_order(self):
        return list(self.kept)


@impostor(
    "Sequential",
    diagnosis="`children()` gives a module that stands in two places only once.",
    aspect="values",
)
class AsksForChildren(Sound):
    def in_order(self):
        return list(self.children())


@impostor(
    "Sequential",
    diagnosis='The names are sorted as text, where "10" comes before "2".',
    aspect="values",
)
class SortsTheNames(Sound):
    def in_order(self):
        return [self._modules[name] for name in sorted(self._modules)]


@impostor(
    "Sequential",
    diagnosis="It is a subclass of torch's own nn.Sequential.",
    aspect="type",
)
class IsTorchs(nn.Sequential):
    def __init__(self, *modules):
        for module in modules:
            if not isinstance(module, nn.Module):
                raise TypeError(module)
        super().__init__(*modules)


@impostor("Sequential", diagnosis="A slice is a torch.nn.Sequential.", aspect="type")
class SlicesIntoTorchs(Sound):
    def part(self, modules):
        return nn.Sequential(*modules)


@impostor("Sequential", diagnosis="A slice is a list; a chain is asked for.", aspect="type")
class SlicesIntoAList(Sound):
    def part(self, modules):
        return modules


@impostor(
    "Sequential",
    diagnosis="A slice copies its modules; it is to share them.",
    aspect="values",
)
class SlicesCopies(Sound):
    def part(self, modules):
        return type(self)(*copy.deepcopy(modules))


@impostor(
    "Sequential",
    diagnosis="The modules of a slice keep the names that they have in the whole chain.",
    aspect="values",
)
class KeepsTheNames(Sound):
    def __getitem__(self, index):
        if not isinstance(index, slice):
            return super().__getitem__(index)
        part = type(self)()
        for name, module in list(self._modules.items())[index]:
            part.add_module(name, module)
        return part


@impostor(
    "Sequential",
    diagnosis="A slice changes the chain itself; a new one is asked for.",
    aspect="values",
)
class CutsItself(Sound):
    def __getitem__(self, index):
        if not isinstance(index, slice):
            return super().__getitem__(index)
        modules = self.in_order()[index]
        self._modules.clear()
        for place, module in enumerate(modules):
            self.register(place, module)
        return self


@impostor(
    "Sequential",
    diagnosis="A slice of one module is that module; a chain of one is asked for.",
    aspect="values",
)
class SlicesToTheModule(Sound):
    def part(self, modules):
        return modules[0] if len(modules) == 1 else super().part(modules)


@impostor(
    "Sequential",
    diagnosis="zero_grad() of a new chain takes the .grad from the modules it was given.",
    aspect="memory",
)
class ClearsTheGradients(Sound):
    def __init__(self, *modules):
        super().__init__(*modules)
        self.zero_grad()


@impostor("Sequential", diagnosis="The step of a slice is left out.", aspect="values")
class ForgetsTheStep(Sound):
    def __getitem__(self, index):
        if isinstance(index, slice):
            index = slice(index.start, index.stop)
        return super().__getitem__(index)


@impostor(
    "Sequential",
    diagnosis="The index is taken as a name, and there is no module of the name -1.",
    aspect="values",
)
class TakesNamesOnly(Sound):
    def __getitem__(self, index):
        if isinstance(index, slice):
            return super().__getitem__(index)
        if str(index) not in self._modules:
            raise IndexError(index)
        return self._modules[str(index)]


@impostor(
    "Sequential",
    diagnosis="The index wraps around with %, so that every index finds a module.",
    aspect="errors",
)
class WrapsAround(Sound):
    def __getitem__(self, index):
        if isinstance(index, slice) or not len(self):
            return super().__getitem__(index)
        return self.in_order()[index % len(self)]


@impostor(
    "Sequential",
    diagnosis="Beyond the ends a KeyError is raised; an IndexError is asked for.",
    aspect="errors",
)
class RaisesKeyError(Sound):
    def __getitem__(self, index):
        if isinstance(index, slice):
            return super().__getitem__(index)
        return self._modules[str(index if index >= 0 else index + len(self))]


@impostor(
    "Sequential",
    diagnosis="The iterator is made once, and is at its end after the first `for`.",
    aspect="values",
)
class IteratesOnce(Sound):
    def __init__(self, *modules):
        super().__init__(*modules)
        self.iterator = iter(modules)

    def __iter__(self):
        return self.iterator


@impostor("Sequential", diagnosis="Iteration gives the names of the modules.", aspect="values")
class IteratesNames(Sound):
    def __iter__(self):
        return iter(self._modules)


@impostor(
    "Sequential",
    diagnosis="A tuple is unpacked into several arguments; it is handed on as one.",
    aspect="values",
)
class UnpacksTuples(Sound):
    def run(self, module, x):
        return module(*x) if isinstance(x, tuple) else module(x)


@impostor(
    "Sequential",
    diagnosis="Without modules None comes back; x itself is asked for.",
    aspect="type",
)
class GivesNothingWithoutModules(Sound):
    def forward(self, x):
        result = None
        for module in self.in_order():
            result = x = module(x)
        return result


@impostor(
    "Sequential",
    diagnosis="None ends the chain; it is handed on like anything else.",
    aspect="values",
)
class StopsAtNone(Sound):
    def forward(self, x):
        for module in self.in_order():
            if x is None:
                break
            x = module(x)
        return x


@impostor(
    "Sequential",
    diagnosis="`module.forward` leaves the hooks of a module out.",
    aspect="structure",
)
class CallsForward(Sound):
    def run(self, module, x):
        return module.forward(x)


@impostor(
    "Sequential",
    diagnosis="None is let in, or left out; it is refused like all that is no Module.",
    aspect="errors",
)
class TakesNone(Sound):
    def check(self, module):
        pass


@impostor(
    "Sequential",
    diagnosis="Whatever can be called is taken, a function or a class too.",
    aspect="errors",
)
class TakesFunctions(Sound):
    def check(self, module):
        if not callable(module):
            raise TypeError(module)

    def register(self, place, module):
        is_module = isinstance(module, nn.Module)
        super().register(place, module if is_module else Wrapped(module))


class Wrapped(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@impostor("Sequential", diagnosis="Only the first argument is looked at.", aspect="errors")
class LooksAtTheFirst(Sound):
    def __init__(self, *modules):
        nn.Module.__init__(self)
        if modules:
            self.check(modules[0])
        for place, module in enumerate(modules):
            self._modules[str(place)] = module


@impostor(
    "Sequential",
    diagnosis="The modules are copied when the chain is made; it is to hold the given ones.",
    aspect="values",
)
class CopiesTheModules(Sound):
    def register(self, place, module):
        super().register(place, copy.deepcopy(module))


@impostor(
    "Sequential",
    diagnosis="A module that comes again is copied, so that it is trained by itself.",
    aspect="values",
)
class CopiesTheSecond(Sound):
    def register(self, place, module):
        is_known = any(module is one for one in self._modules.values())
        super().register(place, copy.deepcopy(module) if is_known else module)


@impostor(
    "Sequential",
    diagnosis="A module that comes again has no place of its own: it is left out in making.",
    aspect="values",
)
class LeavesTheSecondOut(Sound):
    def __init__(self, *modules):
        for module in modules:
            self.check(module)
        super().__init__(*dict.fromkeys(modules))


@impostor(
    "Sequential",
    diagnosis="Making a chain puts its modules into train mode.",
    aspect="memory",
)
class SetsTheMode(Sound):
    def __init__(self, *modules):
        super().__init__(*modules)
        self.train()


@alternative("Sequential")
class ByGetattr(nn.Module):
    def __init__(self, *modules):
        super().__init__()
        if not all(isinstance(module, nn.Module) for module in modules):
            raise TypeError("modules only")
        for place in range(len(modules)):
            setattr(self, str(place), modules[place])
        self.count = len(modules)

    def forward(self, x):
        return functools.reduce(lambda value, module: module(value), self, x)

    def __len__(self):
        return self.count

    def __iter__(self):
        for place in range(self.count):
            yield getattr(self, f"{place}")

    def __getitem__(self, index):
        if isinstance(index, slice):
            places = range(self.count)[index]
            return self.__class__(*(getattr(self, str(place)) for place in places))
        return getattr(self, str(range(self.count)[index]))


@alternative("Sequential")
class IsAModuleList(nn.ModuleList):
    def __init__(self, *modules):
        for module in modules:
            if not isinstance(module, nn.Module):
                raise TypeError(type(module))
        super().__init__(modules)

    def forward(self, x):
        for module in self:
            x = module(x)
        return x

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(*list(self)[index])
        return super().__getitem__(index)


@alternative("Sequential")
class ByRecursion(nn.Module):
    def __init__(self, *modules):
        super().__init__()
        for module in modules:
            if not issubclass(type(module), nn.Module):
                raise TypeError("no module")
        self._modules.update({str(place): module for place, module in enumerate(modules)})
        self.names = tuple(map(str, range(len(modules))))

    def forward(self, x):
        return self.go(x, 0)

    def go(self, x, place):
        if place == len(self.names):
            return x
        return self.go(self.get_submodule(self.names[place])(x), place + 1)

    def __len__(self):
        return len(self.names)

    def __iter__(self):
        return map(self.get_submodule, self.names)

    def __getitem__(self, index):
        names = self.names[index]
        if isinstance(names, str):
            return self.get_submodule(names)
        new = type(self).__new__(type(self))
        new.__init__(*map(self.get_submodule, names))
        return new


@alternative("Sequential")
class ByOperatorIndex(Sound):
    def __getitem__(self, index):
        if isinstance(index, slice):
            chosen = [self[place] for place in range(*index.indices(len(self)))]
            return type(self)(*chosen)
        index, count = operator.index(index), len(self)
        if not -count <= index < count:
            raise IndexError(f"index {index} is out of range")
        index += count if index < 0 else 0
        return next(module for place, module in enumerate(self) if place == index)
