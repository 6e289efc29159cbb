"""Blocks and ops as values: what a parameter, a loop or a list holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.pairs import SAMPLES, known
from archdsl.ir import program as p
from archdsl.ir.design import Callee

if TYPE_CHECKING:
    from archdsl.diagnostics import SpecError
    from archdsl.emit.writer import ClassWriter


class CalleeParam:
    """A block or op that only the constructor's caller knows: `name` is its text, `value` its symbol
    if it isn't a parameter, `candidates` are all that it ever was, and `bound` the arguments that it
    is handed on or called with beside."""

    __slots__ = ("bound", "candidates", "name", "optional", "value")

    def __init__(
        self,
        name: str,
        candidates: tuple[Callee, ...],
        optional: bool,
        bound: tuple[tuple[str, Any], ...] = (),
        value: Any = None,
    ) -> None:
        self.name = name
        self.candidates = candidates
        self.optional = optional
        self.bound = bound
        self.value = value

    @property
    def symbol(self) -> Any:
        """What it is in a comparison: a symbol where it may be None."""
        if not self.optional:
            return self
        return s.name(self.name) if self.value is None else self.value

    def given(self) -> CalleeParam:
        """The same where it is known to hold something."""
        return CalleeParam(self.name, self.candidates, False, self.bound, self.value)

    def bind(self, arguments: tuple[tuple[str, Any], ...]) -> CalleeParam:
        """The same with some arguments more."""
        bound = tuple({**dict(self.bound), **dict(arguments)}.items())
        return CalleeParam(self.name, self.candidates, self.optional, bound, self.value)


def unique(callees: list[Callee]) -> tuple[Callee, ...]:
    """Each of them once, in order."""
    return tuple(each for at, each in enumerate(callees) if each not in callees[:at])


def held(w: ClassWriter, call: p.Call) -> Callee | CalleeParam | None:
    """What a call's name holds here; None for `none`, which is no step."""
    value = w.scope.get(call.callee)
    if not isinstance(value, s.Symbol):
        if value is None or isinstance(value, (Callee, CalleeParam)):
            return value
        raise _no_step(w, call)
    found = _values(w, value, call.uid) or w.unit.values_named(w.definition, call.callee)
    if found and all(each is None for each in found):
        return None
    param = _param(w, value, found)
    if param is not None:
        return param
    if any(not isinstance(each, s.Symbol) for each in _known(w, value)):
        raise _no_step(w, call)
    raise w.error(
        "E513",
        f"nothing is ever passed as `{call.callee}`: no variant comes here",
        call.callee_span,
    )


def _no_step(w: ClassWriter, call: p.Call) -> SpecError:
    return w.error("E512", f"`{call.callee}` is not a block or op here", call.callee_span)


def _known(w: ClassWriter, value: s.Symbol) -> list[Any]:
    """What a symbol is in the uses that are known."""
    return [each for sample in w.samples for each in known(value, sample)]


def as_callee(w: ClassWriter, value: Any) -> Any:
    """A value as the blocks and ops that it may be, if it is one of these."""
    if not isinstance(value, s.Symbol):
        return value
    return _param(w, value, _values(w, value, None)) or value


def _param(w: ClassWriter, value: s.Symbol, found: list[Any]) -> CalleeParam | None:
    callees = unique([each for each in found if each is not None])
    if not callees:
        return None
    text = w.unit.value_text(w, value)
    name = text if value.op in ("name", "index") else f"({text})"
    return CalleeParam(name, callees, len(callees) < len(found) and None in found, value=value)


def _values(w: ClassWriter, value: s.Symbol, uid: int | None) -> list[Any]:
    """The blocks and ops that a symbol is in the uses that are known, None among them; those that a
    call of it has seen, where that isn't all."""
    found = _known(w, value)
    unknown = any(isinstance(each, s.Symbol) for each in found) or len(w.samples) >= SAMPLES
    found = [each for each in found if each is None or isinstance(each, Callee)]
    if uid is not None and (unknown or not found):
        found += w.unit.observed(w.definition.name, uid)
    return [each for each in found if each is None or isinstance(each, Callee)]
