"""A property that is computed once for each class: pytest makes an object for each check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - used like functools.cached_property
    """Make a method a property that is kept with the class of the object."""

    def __init__(self, method: Callable[[Any], Value]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._key = f"_once_{name}"

    def __get__(self, instance: Any, owner: type) -> Value:
        if instance is None:
            return self  # type: ignore[return-value]
        if self._key not in vars(owner):
            setattr(owner, self._key, self._method(instance))
        return vars(owner)[self._key]
