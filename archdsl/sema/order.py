"""What has been lowered, in the order in which it can be read."""

from __future__ import annotations

from archdsl.sema.errors import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from archdsl.diagnostics import Bag, SpecError
    from archdsl.sema.units import Entity


class Lowered:
    """What became of an entity, and what it needs."""

    __slots__ = ("needs", "node", "sound")

    def __init__(self) -> None:
        self.needs: dict[Entity, None] = {}
        self.node: Any = None
        self.sound = True


def ordered(lowered: Mapping[Entity, Lowered], own: Sequence[Entity], bag: Bag) -> list[Entity]:
    """Dependencies first, else as written; circles of functions and constants are reported."""
    order: list[Entity] = []
    state: dict[Entity, int] = {}
    for start in own:
        path = [] if start in state else [(start, iter(lowered[start].needs))]
        state.setdefault(start, 1)
        while path:
            entity, needs = path[-1]
            following = next(needs, None)
            if following is None:
                path.pop()
                state[entity] = 2
                order.append(entity)
            elif following not in state:
                state[following] = 1
                path.append((following, iter(lowered[following].needs)))
            elif state[following] == 1:
                circle = _circle([x for x, _ in path], following)
                if circle is not None:
                    lowered[following].sound = False
                    bag.add(circle.diagnostic)
    return order


def _circle(path: list[Entity], again: Entity) -> SpecError | None:
    circle = path[path.index(again) :]
    if not all(entity.kind in ("function", "constant") for entity in circle):
        return None
    return error(
        "E317",
        f"`{again.text}` is defined by itself",
        again.span,
        " -> ".join(x.text for x in (*circle, again)),
        help="a `fn` cannot recur: use a comprehension, or a block that uses itself",
    )


def sound(lowered: Mapping[Entity, Lowered], order: Sequence[Entity]) -> list[Entity]:
    """Those that rest on nothing wrong, in order."""
    users: dict[Entity, list[Entity]] = {}
    for entity in order:
        for need in lowered[entity].needs:
            users.setdefault(need, []).append(entity)
    wrong = [entity for entity in order if not lowered[entity].sound]
    ill = set(wrong)
    for entity in wrong:
        fresh = [user for user in users.get(entity, ()) if user not in ill]
        ill.update(fresh)
        wrong += fresh
    return [entity for entity in order if entity not in ill]
