"""Labels of steps and names of values, checked and bound as they are met."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.node import replace
from archdsl.sema.errors import error
from archdsl.sema.naming import Namespace, Slot, check_label
from archdsl.sema.scope import Binding, check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.sema.place import Place
    from archdsl.sema.resolve import Resolver
    from archdsl.source import Span
    from archdsl.syntax import ast


class Labels:
    """The part of `Flow` that knows labels.

    `namespaces` collects the classes and Sequentials met, `labelled` the labels by the item they
    name; both serve when the body is whole.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.namespaces: list[Namespace] = []
        self.labelled: dict[int, p.ValueTarget] = {}

    def namespace(self, place: Span | None = None) -> Namespace:
        """A new class, or a Sequential that stands at `place`."""
        self.namespaces.append(Namespace(place))
        return self.namespaces[-1]

    def module(
        self,
        uid: int,
        label: ast.Label | None,
        place: Place,
        stem: str | None = None,
        span: Span | None = None,
        alike: object = None,
    ) -> p.ModuleName | None:
        """The name of a module, or None where it is given later or is a position."""
        if label is None:
            if place.sequential is None and stem is not None and span is not None:
                place.namespace.slots.append(Slot(uid, stem, None, span, place.arms, alike))
            return None
        name = self._written(label, place)
        place.namespace.slots.append(Slot(uid, stem, name, label.span, place.arms))
        self._name_value(uid, name, place)
        return name

    def label_value(self, uid: int, label: ast.Label | None, place: Place) -> None:
        """A label on what is no module of its own names the value only."""
        if label is None:
            return
        name = self._written(label, place)
        self._name_value(uid, name, place)

    def _name_value(self, uid: int, name: p.ModuleName, place: Place) -> None:
        if not isinstance(name.base, str):
            return
        self.labelled[uid] = p.ValueTarget(base=name.base, indices=name.indices, span=name.span)
        if not name.indices:
            place.scope.label(
                Binding(
                    name.base,
                    "tensor",
                    "label",
                    name.span,
                    labelled=uid,
                    sequential=place.sequential,
                )
            )

    def _written(self, label: ast.Label, place: Place) -> p.ModuleName:
        base = label.base
        if isinstance(base, e.Template):
            base = self.resolver.template(base, place.scope)
            texts = [part for part in base.parts if isinstance(part, str)]
            if len(texts) == len(base.parts):
                base = "".join(texts)
        if isinstance(base, str):
            check_label(base, label.span, place.sequential is not None)
        indices = tuple(self.resolver.resolve(i, place.scope) for i in label.indices)
        self._check_kind(label, base, place)
        return p.ModuleName(base=base, indices=indices, written=True, span=label.span)

    def _check_kind(self, label: ast.Label, base: str | e.Template, place: Place) -> None:
        if label.indices and place.sequential is not None:
            raise error(
                "E324",
                f"a family such as `{base}` has no place in an `nn.Sequential`",
                label.span,
                others=((place.sequential, "the Sequential"),),
                help='compute the label: `"name{i}": ...`',
            )
        if isinstance(base, e.Template) and place.sequential is None and not place.looped:
            raise error(
                "E323",
                "a computed label has its place in a loop or an `nn.Sequential`",
                label.span,
                help="write the label out, or make it a member of a family: `name[i]: ...`",
            )
        plain = isinstance(base, str) and not label.indices
        if plain and place.sequential is not None and place.looped and not place.chosen:
            raise error(
                "E320",
                f"each iteration would use the label `{base}` again",
                label.span,
                help=f'compute the label, as in `"{base}{{i}}": ...`, or leave it out',
            )

    def with_targets(self, item: p.Item, result: ast.As | None, place: Place) -> p.Item:
        if result is None:
            return item
        targets = tuple(self._target(name, place) for name in result.names)
        if result.several and item.uid in self.labelled:
            place.scope.names.pop(self.labelled[item.uid].base, None)
        return replace(item, targets=targets, unpack=result.several)  # type: ignore[no-any-return]

    def _target(self, name: ast.ValueName, place: Place) -> p.ValueTarget:
        indices = tuple(self.resolver.resolve(i, place.scope) for i in name.indices)
        check_name(name.base, name.span)
        if indices:
            family = place.scope.find(name.base)
            if family is not None and place.sequential is not None:
                family.sequential = place.sequential
        else:
            place.scope.bind(
                Binding(name.base, "tensor", "value", name.span, sequential=place.sequential)
            )
        return p.ValueTarget(base=name.base, indices=indices, span=name.span)
