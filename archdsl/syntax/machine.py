"""Runs the parser's tables: a stack of states, and one of what was made so far."""

from __future__ import annotations

from archdsl.syntax.tables import END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from archdsl.syntax.lexer import Token
    from archdsl.syntax.tables import Children, Tables


class Misfit(Exception):
    """A token does not fit: its index, one past the last where the text ends too early, and what
    would have fitted."""

    def __init__(self, at: int, expected: frozenset[str]) -> None:
        super().__init__(f"token {at} does not fit")
        self.at = at
        self.expected = expected


class Machine:
    """A parser. `builder` has a method for each rule that is named in the tables."""

    def __init__(self, tables: Tables, builder: object) -> None:
        self._starts = tables.starts
        self._actions = tables.actions
        self._gotos = tables.gotos
        self._rules = [
            (origin, size, children, lone, _method(builder, name, lone))
            for origin, size, children, lone, name in tables.rules
        ]

    def run(self, tokens: Sequence[Token], start: str) -> Any:
        """What the builder makes of the tokens; raises Misfit."""
        actions, gotos, rules = self._actions, self._gotos, self._rules
        states = [self._starts[start]]
        values: list[Any] = []
        for at in range(len(tokens) + 1):
            token = tokens[at] if at < len(tokens) else None
            kind = END if token is None else token.type
            while (action := actions[states[-1]].get(kind)) is None or action < 0:
                if action is None:
                    raise Misfit(at, self._expected(states))
                origin, size, children, lone, make = rules[~action]
                first = len(values) - size
                parts = values[first:]
                del values[first:], states[first + 1 :]
                if children is not None:
                    parts = _chosen(parts, children)
                if lone and len(parts) == 1:
                    values.append(parts[0])
                else:
                    values.append(parts if make is None else make(parts))
                states.append(gotos[states[-1]][origin])
            states.append(action)
            values.append(token)
        return values[0]

    def _expected(self, states: list[int]) -> frozenset[str]:
        """The tokens that would be shifted, after the reductions that they lead to."""
        return frozenset(kind for kind in self._actions[states[-1]] if self._fits(kind, states))

    def _fits(self, kind: str, states: list[int]) -> bool:
        states = states.copy()
        while (action := self._actions[states[-1]].get(kind)) is not None:
            if action >= 0:
                return True
            origin, size, *_ = self._rules[~action]
            del states[len(states) - size :]
            states.append(self._gotos[states[-1]][origin])
        return False


def _method(builder: object, name: str, lone: bool) -> Callable[[list[Any]], Any] | None:
    """None for a rule that has only its children to hand on."""
    if not name or (lone and not hasattr(builder, name)):
        return None
    method: Callable[[list[Any]], Any] = getattr(builder, name)
    return method


def _chosen(parts: list[Any], children: Children) -> list[Any]:
    found: list[Any] = []
    for place in children:
        if place is None:
            found.append(None)
        elif place >= 0:
            found.append(parts[place])
        elif found:
            found += parts[~place]
        else:  # its list may be long, and is no one else's
            found = parts[~place]
    return found
