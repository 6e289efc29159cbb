"""From the syntax tree to the program: every name resolved, every argument bound.

Only what the root file defines, and what that needs of its imports, is lowered. What is wrong is
reported; the program then holds the definitions and variants that don't rest on it, so that later
phases can report what is wrong with those.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.node import replace
from archdsl.ops import table
from archdsl.sema import arguments as args
from archdsl.sema import calls, inits, weights
from archdsl.sema.applications import is_model
from archdsl.sema.definition import Lowering
from archdsl.sema.errors import error
from archdsl.sema.imports import SUFFIX
from archdsl.sema.order import Lowered, ordered, sound
from archdsl.sema.resolve import Resolver
from archdsl.sema.scope import Binding, Scope
from archdsl.sema.taps import cut
from archdsl.sema.units import Entity, Units
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from archdsl.diagnostics import Bag
    from archdsl.ir.recipe import Train
    from archdsl.ops.op import Op
    from archdsl.sema.place import Place
    from archdsl.sema.units import Load, Unit


def lower(file: ast.File, load: Load, bag: Bag, root: str | None = None) -> p.Program:
    """The program of a file and its imports.

    `load(path, span)` reads and parses an imported file, or reports at `span` and gives None.
    Imports stay inside `root`, by default the folder of the file. Where the bag has errors, the
    program holds what does not rest on them.
    """
    if root is None:
        root = os.path.dirname(file.source.path)
    units = Units(load, bag, root)
    return _Session(units.open(file), units, bag).program()


class _Session:
    """One lowering of one program."""

    def __init__(self, root: Unit, units: Units, bag: Bag) -> None:
        self._root = root
        self._units = units
        self._bag = bag
        self._uids = count(1)
        self._lowered: dict[Entity, Lowered] = {}
        self._queue: list[Entity] = []
        self._taken: dict[str, Entity] = {}
        self._current = Lowered()
        self._weights = weights.clauses(units.opened, bag)
        self._derived: dict[tuple[Entity, tuple[str, ...]], Entity] = {}

    def program(self) -> p.Program:
        self._reserve()
        own = [x for x in self._root.own if self._root.names.get(x.text) is x]
        for entity in own:
            self._enqueue(entity)
        recipes, needed = self._recipes()
        for entity in self._queue:
            self._lower(entity)
        healthy = sound(self._lowered, ordered(self._lowered, [*own, *needed], self._bag))
        nodes = [self._lowered[x].node for x in healthy if self._lowered[x].node is not None]
        kept = set(healthy)
        file = self._root.file
        return p.Program(
            source=file.source,
            sources=tuple(unit.file.source for unit in self._units.opened),
            doc=file.doc,
            paper=self._paper(file.items),
            constants=_of(p.Constant, nodes),
            functions=_of(p.Function, nodes),
            externs=_of(p.Extern, nodes),
            definitions=self._placed(_of(p.Definition, nodes)),
            variants=tuple(self._lowered[x].node for x in own if x.kind == "variant" and x in kept),
            recipes=recipes if kept.issuperset(needed) else (),
        )

    def _recipes(self) -> tuple[tuple[Train, ...], list[Entity]]:
        """The recipes of the file, and what their values need."""
        if not any(isinstance(item, ast.Train) for item in self._root.file.items):
            return (), []
        from archdsl.sema import recipes

        self._current = Lowered()
        found = tuple(recipes.lowered(self._root, self.name_of, self._bag))
        return found, list(self._current.needs)

    def _placed(self, definitions: tuple[p.Definition, ...]) -> tuple[p.Definition, ...]:
        known = {definition.name: definition for definition in definitions}
        found = []
        for definition in definitions:
            try:
                found.append(inits.placed(definition, known))
            except SpecError as failure:
                self._bag.add(failure.diagnostic)
                found.append(definition)
        return tuple(found)

    # Names in the program

    def _reserve(self) -> None:
        """The root's names stay as they are; what it imports is called as it says there."""
        for text, entity in self._root.names.items():
            self._taken[text] = entity
            if entity.kind != "broken" and entity.name is None:
                entity.name = text

    def name_of(self, entity: Entity) -> str:
        """An entity's name in the program; whatever is being lowered needs it."""
        self._current.needs[entity] = None
        self._enqueue(entity)
        return self._named(entity)

    def _enqueue(self, entity: Entity) -> None:
        if entity not in self._lowered:
            self._lowered[entity] = Lowered()
            self._queue.append(entity)

    def _named(self, entity: Entity) -> str:
        if entity.name is None:
            entity.name = self._free(entity.text, entity)
            self._taken[entity.name] = entity
        return entity.name

    def _free(self, text: str, entity: Entity) -> str:
        """A private name of an imported file: as it is, or with the file's name behind."""
        if text not in self._taken:
            return text
        stem = os.path.basename(entity.unit.path)[: -len(SUFFIX)]
        words = [word for word in "".join(c if c.isalnum() else " " for c in stem).split() if word]
        suffix = "".join(word[:1].upper() + word[1:] for word in words)
        snake = text.islower() or entity.kind in ("function", "constant")
        name = f"{text}_{'_'.join(words).lower()}" if snake else text + suffix
        return self._unused(name)

    def _unused(self, name: str) -> str:
        numbers = count(2)
        candidate = name
        while candidate in self._taken:
            candidate = f"{name}{next(numbers)}"
        return candidate

    # Entities

    def _lower(self, entity: Entity) -> None:
        self._current = self._lowered[entity]
        try:
            self._current.node = self._node(entity)
        except SpecError as failure:
            self._report(failure)
        except RecursionError:
            self._report(error("E490", f"`{entity.text}` is nested too deeply", entity.span))

    def _report(self, failure: SpecError) -> None:
        self._current.sound = False
        self._bag.add(failure.diagnostic)

    def _node(self, entity: Entity) -> Any:
        resolver = Resolver(entity.unit, self.name_of, lambda label: None)
        match entity.node:
            case ast.Block() as node:
                definition = self._lowering(entity.unit).definition(node, self._named(entity))
                return replace(definition, weights=self._told(entity, node))
            case ast.Extern() as node:
                return self._extern(node, entity)
            case ast.Function() as node:
                return self._function(node, entity, resolver)
            case ast.FileLet() as node:
                return self._constant(node, entity, resolver)
            case ast.Variant() as node:
                return self._variant(node, entity, resolver)
            case _:
                raise TypeError(f"no rule for {entity.kind}")

    def _told(self, entity: Entity, model: ast.Block) -> tuple[p.Weights, ...]:
        told = []
        for unit, clause in self._weights.get(entity, ()):
            try:
                told.append(weights.lowered(clause, unit, model.params, self.name_of))
            except SpecError as failure:
                self._report(failure)
        return tuple(told)

    def _lowering(self, unit: Unit) -> Lowering:
        return Lowering(unit, self.name_of, self._tap, lambda: next(self._uids), self._report)

    def _extern(self, node: ast.Extern, entity: Entity) -> p.Extern:
        scope = Scope()
        lowering = self._lowering(entity.unit)
        params = lowering.foreign_params(node.params, scope)
        scope.put(Binding("in", "tensor", "input", node.name.span))
        module, _, attribute = node.target.partition(":")
        dotted = module.split(".") + attribute.split(".")
        if not all(part.isidentifier() and part.isascii() for part in dotted):
            names = node.target.split(".")
            dots = len(names) > 1 and all(each.isidentifier() and each.isascii() for each in names)
            raise error(
                "E347",
                f'"{node.target}" names no class',
                node.target_span,
                help=(
                    f'write `"{".".join(names[:-1])}:{names[-1]}"`'
                    if dots
                    else 'write it as "package.module:Class", in ASCII letters'
                ),
            )
        if dotted[0] in sys.stdlib_module_names:
            raise error(
                "E347",
                f"`{dotted[0]}` is Python's own, and holds no layers",
                node.target_span,
                help="an extern is a class of torch, of a library, or of a module of your own",
            )
        dims = None
        if node.shape is not None:
            if not node.shape.dims:
                raise error("E347", "the shape of an extern has at least one size", node.shape.span)
            for dim in node.shape.dims:
                if isinstance(dim, e.Open):
                    raise error("E347", "the shape of an extern has no open sizes", dim.span)
            dims = tuple(lowering.resolver.resolve(dim, scope) for dim in node.shape.dims)
        return p.Extern(
            name=self._named(entity),
            params=params,
            module=module,
            attribute=attribute,
            dims=dims,
            span=node.name.span,
        )

    def _function(self, node: ast.Function, entity: Entity, resolver: Resolver) -> p.Function:
        scope = Scope()
        for param in node.params:
            if param.default is not None:
                help = "leave it out here, and give it in each call"
                message = "a parameter of a `fn` has no default"
                raise error("E348", message, param.default.span, help=help)
            scope.bind(Binding(param.name.text, "any", "parameter", param.name.span))
        return p.Function(
            name=self._named(entity),
            params=tuple(param.name.text for param in node.params),
            value=resolver.resolve(node.value, scope),
            span=node.span,
        )

    def _constant(self, node: ast.FileLet, entity: Entity, resolver: Resolver) -> Any:
        first = entity.unit.names.get(node.names[0].text)
        if first is not None and first is not entity and first.node is node:
            # One `let` of several names is one constant: the first name stands for all.
            self.name_of(first)
            return None
        names = []
        for ident in node.names:
            other = entity.unit.names[ident.text]
            names.append(self._named(other if other.node is node else entity))
        value = resolver.resolve(node.value, Scope())
        return p.Constant(names=tuple(names), value=value, span=node.span)

    def _variant(self, node: ast.Variant, entity: Entity, resolver: Resolver) -> Any:
        model = resolver.model_of(entity)
        if model.kind == "broken":
            self._current.sound = False
            return None
        arguments = resolver.variant_arguments(entity)
        given = {argument.name: argument for argument in arguments}
        args.require_all(given, resolver.formals(model), node.base.text, node.base.span)
        claims: dict[str, p.Claim] = {}
        for pair in node.expect:
            if pair.key.text in claims:
                raise error(
                    "E312",
                    f"`{pair.key.text}` is expected twice",
                    pair.key.span,
                    others=((claims[pair.key.text].span, "expected here"),),
                )
            value = resolver.resolve(pair.value, Scope())
            claims[pair.key.text] = p.Claim(
                key=pair.key.text, value=value, span=pair.key.span.to(pair.value.span)
            )
        return p.Variant(
            name=self._named(entity),
            base=node.base.text,
            definition=self.name_of(model),
            arguments=tuple(
                p.BoundArgument(parameter=a.name or "", value=a.value, span=a.span)
                for a in arguments
            ),
            claims=tuple(claims.values()),
            span=node.name.span,
        )

    def _paper(self, items: Sequence[ast.Item]) -> tuple[tuple[str, str], ...]:
        pairs = [pair for item in items if isinstance(item, ast.Paper) for pair in item.pairs]
        found: list[tuple[str, str]] = []
        for pair in pairs:
            try:
                found.append((pair.key.text, _plain(pair.value)))
            except SpecError as failure:
                self._bag.add(failure.diagnostic)
        return tuple(found)

    # Taps

    def _tap(self, call: ast.Call, place: Place, resolver: Resolver) -> calls.Target:
        """The target of a call with taps: a block made of the model."""
        named = resolver.unit.names.get(call.name.text)
        model = named
        if named is not None and named.kind == "variant":
            model = resolver.model_of(named)
        if model is None or not isinstance(model.node, ast.Block) or not is_model(model):
            raise _untappable(call.name, place.scope.find(call.name.text))
        untapped = ast.Call(
            name=call.name, arguments=call.arguments, called=call.called, span=call.span
        )
        needs = dict(self._current.needs)
        whole = calls.target_of(untapped, place, resolver)
        if model not in needs:
            self._current.needs.pop(model, None)
        derived = self._derive(model, call.taps)
        assert isinstance(derived.node, ast.Block)
        kept = {param.name.text for param in derived.node.params}
        return calls.Target(
            kind="block",
            callee=self.name_of(derived),
            stem=whole.stem,
            arguments=tuple(a for a in whole.arguments if a.parameter in kept),
        )

    def _derive(self, model: Entity, taps: tuple[ast.Ident, ...]) -> Entity:
        key = (model, tuple(tap.text for tap in taps))
        if key not in self._derived:
            assert isinstance(model.node, ast.Block)
            name = self._unused(f"{self._named(model)}Tap")
            block = cut(model.node, taps, name, _ops_of(model))
            entity = Entity("block", name, block, model.span, model.unit)
            entity.name = name
            self._taken[name] = entity
            self._derived[key] = entity
        return self._derived[key]


def _untappable(name: ast.Ident, binding: Binding | None) -> SpecError:
    made = binding if binding is not None and binding.sort == "shared" else None
    return error(
        "E345",
        f"only a model can be tapped, and `{name.text}` is none",
        name.span,
        others=((made.span, "made here"),) if made else (),
        help=f"tap what is shared: `share {name.text} = Model(...) tap (...)`" if made else None,
    )


def _ops_of(model: Entity) -> Callable[[str], Op | None]:
    """What finds the op of a name, where a model means that by it."""
    assert isinstance(model.node, ast.Block)
    hidden = {*model.unit.names, *(param.name.text for param in model.node.params)}
    return lambda name: None if name in hidden else table.lookup(name)


def _of(kind: type, nodes: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(node for node in nodes if isinstance(node, kind))


def _plain(value: e.Expr) -> str:
    """The text of an entry of `paper`."""
    if isinstance(value, e.Text):
        return value.value
    if isinstance(value, e.Number):
        return value.text
    if isinstance(value, e.ListExpr):
        return ", ".join(_plain(item) for item in value.items)
    help = "write what comes out, or put it in quotes"
    raise error("E349", "an entry of `paper` is text or a number", value.span, help=help)
