"""`weights`: what the keys of a model are called elsewhere.

The clause stands in a file beside the model, or in one that imports it, and becomes a part of the
model's definition: where the model goes, what is known of its keys goes along.
"""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.imports import importable
from archdsl.sema.resolve import Resolver
from archdsl.sema.scope import Binding, Scope, names_in
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archdsl.diagnostics import Bag
    from archdsl.sema.units import Entity, Unit

    Clauses = dict[Entity, list[tuple[Unit, ast.Weights]]]


def clauses(units: Iterable[Unit], bag: Bag) -> Clauses:
    """The clauses of some files, by the model that they are for; reports those for no model."""
    found: Clauses = {}
    for unit in units:
        for item in unit.file.items:
            if not isinstance(item, ast.Weights):
                continue
            try:
                known = found.setdefault(_model(unit, item.model), [])
                _check_new(item, [clause for _, clause in known])
            except SpecError as failure:
                bag.add(failure.diagnostic)
            else:
                known.append((unit, item))
    return found


def _model(unit: Unit, name: ast.Ident) -> Entity:
    entity = unit.names.get(name.text)
    if entity is None or (entity.kind != "broken" and _kind(entity) != "model"):
        models = [text for text, other in unit.names.items() if _kind(other) == "model"]
        imported = importable(name.text, name.span)
        raise error(
            "E351",
            f"there is no model `{name.text}`",
            name.span,
            notes=(f"there is {listed(models)}" if models else "the file has none",),
            help=imported or did_you_mean(name.text, models),
            fix=None if imported else respelt(name.text, models, name.span),
        )
    return entity


def _kind(entity: Entity) -> str:
    return entity.node.kind if isinstance(entity.node, ast.Block) else entity.kind


def _check_new(item: ast.Weights, known: list[ast.Weights]) -> None:
    for other in known:
        if other.source.text == item.source.text:
            raise error(
                "E304",
                f"the keys of `{item.source.text}` were told before",
                item.source.span,
                "told again",
                others=((other.source.span, "told here"),),
                help="join the two, or take another name",
            )


def lowered(
    clause: ast.Weights, unit: Unit, params: Iterable[ast.Param], name_of: Callable[[Entity], str]
) -> p.Weights:
    """The clause, with the meaning of each name. Raises at what is wrong with it."""
    resolver = Resolver(unit, name_of, lambda label: None)
    outer = Scope()
    for param in params:
        outer.put(Binding(param.name.text, "any", "parameter", param.name.span, steady=True))
    seen: dict[tuple[str | bool, ...], ast.WeightsRule] = {}
    rules = []
    for rule in clause.rules:
        rules.append(_rule(rule, resolver, outer.child()))
        matched = tuple(x if isinstance(x, str) else x.number for x in rules[-1].pattern)
        if matched in seen:
            raise error(
                "E350",
                "this pattern is never tried: all that it matches was matched before",
                rule.pattern.span,
                others=((seen[matched].pattern.span, "by this one"),),
            )
        seen[matched] = rule
    return p.Weights(source=clause.source.text, rules=tuple(rules), span=clause.source.span)


def _rule(rule: ast.WeightsRule, resolver: Resolver, scope: Scope) -> p.Renaming:
    captures = [_capture(part, scope) for part in rule.pattern.parts if not isinstance(part, str)]
    target = None if rule.target is None else resolver.template(rule.target, scope)
    counted = _counted(rule.target)
    parts: list[str | p.Capture] = []
    for part in rule.pattern.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        name = captures.pop(0)
        if parts and isinstance(parts[-1], p.Capture):
            raise error(
                "E350",
                f"nothing tells where `{{{parts[-1].name}}}` ends and `{{{name}}}` begins",
                rule.pattern.span,
                help="put some text between them, or capture both as one",
            )
        parts.append(p.Capture(name=name, number=name in counted))
    if not parts:
        raise error("E350", "an empty pattern matches no key", rule.pattern.span)
    return p.Renaming(pattern=tuple(parts), target=target, span=rule.span)


def _capture(part: e.Expr, scope: Scope) -> str:
    if not isinstance(part, e.Name):
        raise error(
            "E350",
            "a pattern captures what stands here, and computes nothing",
            part.span,
            help="give it a name, `{i}`, and compute in the key on the right",
        )
    scope.bind(Binding(part.id, "any", "capture", part.span))
    return part.id


def _counted(target: e.Template | None) -> set[str]:
    """The names that a key computes with: what they hold is a number."""
    parts = () if target is None else target.parts
    computed = [p for p in parts if not isinstance(p, (str, e.Name))]
    return {name for part in computed for name in names_in(part)}
