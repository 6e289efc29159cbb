"""Immutable records: the base class of every tree in the compiler.

`dataclasses` would do, but generate code for each class whenever the compiler starts, which
`archdsl check` would wait for. `Node` reads the same annotations and generates none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, NoReturn

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        return lambda cls: cls


_UNCOMPARED = frozenset({"span", "path_span", "target_span", "uid"})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class NodeMeta(type):
    """Turns the annotations of a class into slots, a constructor and equality."""

    _fields: tuple[str, ...]
    _compared: tuple[str, ...]
    _defaults: dict[str, Any]

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> NodeMeta:
        own = [
            field
            for field, kind in namespace.get("__annotations__", {}).items()
            if not str(kind).startswith("ClassVar")
        ]
        fields: list[str] = []
        defaults: dict[str, Any] = {}
        for base in bases:
            for field in getattr(base, "_fields", ()):
                if field not in fields:
                    fields.append(field)
            defaults.update(getattr(base, "_defaults", {}))
        fields += [field for field in own if field not in fields]
        for field in own:
            if field in namespace:
                defaults[field] = namespace.pop(field)
        inherited = {field for base in bases for field in getattr(base, "_fields", ())}
        namespace["__slots__"] = tuple(field for field in own if field not in inherited)
        namespace["_fields"] = tuple(fields)
        namespace["_compared"] = tuple(field for field in fields if field not in _UNCOMPARED)
        namespace["_defaults"] = defaults
        return super().__new__(mcs, name, bases, namespace)


class Node(metaclass=NodeMeta):
    """A record with keyword-only fields. Spans and uids take no part in equality."""

    _fields: ClassVar[tuple[str, ...]]
    _compared: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[dict[str, Any]]

    def __init__(self, **values: Any) -> None:
        defaults = self._defaults
        for field in self._fields:
            if field in values:
                object.__setattr__(self, field, values.pop(field))
            elif field in defaults:
                object.__setattr__(self, field, defaults[field])
            else:
                raise TypeError(f"{type(self).__name__} needs {field!r}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, field) == getattr(other, field) for field in self._compared)

    def __hash__(self) -> int:
        return hash((type(self), *[getattr(self, field) for field in self._compared]))

    def __setattr__(self, field: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        inner = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._compared)
        return f"{type(self).__name__}({inner})"


def replace(node: Any, **changes: Any) -> Any:
    """A copy of `node` with some fields changed."""
    values = {field: getattr(node, field) for field in node._fields}
    values.update(changes)
    return type(node)(**values)


def unreachable(value: NoReturn) -> NoReturn:
    """For the last arm of a `match` that the type checker has proved empty."""
    raise AssertionError(f"unhandled {value!r}")
