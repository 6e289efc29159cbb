"""Files and their top-level names: loading imports, and what each name means in its file."""

from __future__ import annotations

import os

from archdsl.diagnostics import SpecError
from archdsl.ops import table
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.imports import importable, resolve
from archdsl.sema.scope import article, check_name
from archdsl.syntax import ast
from archdsl.values import BUILTINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archdsl.diagnostics import Bag, Fix
    from archdsl.expr import Argument
    from archdsl.sema.arguments import Formal
    from archdsl.source import Span

    Load = Callable[[str, Span], ast.File | None]

# Ops that the language itself knows because they have a body.
MERGES = ("concat", "sum", "mul", "mean", "split", "residual", "dense")


class Entity:
    """A top-level name of one file. `name` is its name in the program, once it is known.

    `kind`: "block" (any definition), "extern", "function", "constant", "variant", or "broken"
    for a name of which all is said, such as one whose import failed: its uses report nothing.
    """

    __slots__ = ("formals", "given", "kind", "model", "name", "node", "span", "text", "unit")

    def __init__(self, kind: str, text: str, node: ast.Item | None, span: Span, unit: Unit) -> None:
        self.kind = kind
        self.text = text
        self.node = node
        self.span = span
        self.unit = unit
        self.name: str | None = None
        self.formals: tuple[Formal, ...] | None = None
        # Of a variant, once they are known: the model behind it, and all arguments.
        self.model: Entity | None = None
        self.given: dict[str, Argument] | None = None


class Unit:
    """One file and what its names mean."""

    __slots__ = ("file", "identity", "names", "own", "path")

    def __init__(self, file: ast.File) -> None:
        self.file = file
        self.path = file.source.path
        self.identity = os.path.realpath(self.path)
        self.names: dict[str, Entity] = {}
        self.own: list[Entity] = []

    def give_up(self, name: str, span: Span) -> None:
        """Say nothing more of a name that is reported to be unknown."""
        self.names.setdefault(name, Entity("broken", name, None, span, self))

    def unknown(self, name: str, known: Iterable[str], span: Span) -> tuple[str | None, Fix | None]:
        """Of a name that means nothing: from where it could be imported, or how it is spelt. Where
        it isn't just misspelt, its other uses report nothing."""
        imported = importable(name, span)
        fix = None if imported else respelt(name, known, span)
        if fix is None:
            self.give_up(name, span)
        return imported, fix


class Units:
    """All files of a program. Opening the root opens what it imports, and reports cycles."""

    def __init__(self, load: Load, bag: Bag, root: str) -> None:
        self._load = load
        self._bag = bag
        self._root = root
        self._opened: dict[str, Unit | None] = {}
        self._chain: list[Unit] = []

    @property
    def opened(self) -> list[Unit]:
        return [unit for unit in self._opened.values() if unit is not None]

    def open(self, file: ast.File) -> Unit:
        unit = Unit(file)
        self._opened[unit.identity] = unit
        for item in file.items:
            _collect(unit, item, self._bag)
        self._chain.append(unit)
        for item in file.items:
            if isinstance(item, ast.Import):
                self._import(unit, item)
        self._chain.pop()
        return unit

    def _import(self, unit: Unit, item: ast.Import) -> None:
        source: Unit | None = None
        try:
            source = self._source(unit, item)
        except SpecError as failure:
            self._bag.add(failure.diagnostic)
        for name in item.names:
            try:
                entity = _imported(name, source, unit)
                _declare(unit, (name.alias or name.name), entity)
            except SpecError as failure:
                self._bag.add(failure.diagnostic)
                own = (name.alias or name.name).text
                unit.names.setdefault(own, Entity("broken", own, None, name.name.span, unit))

    def _source(self, unit: Unit, item: ast.Import) -> Unit | None:
        path = resolve(unit.path, item.path, self._root, item.path_span)
        identity = os.path.realpath(path)
        self._check_cycle(identity, item)
        if identity not in self._opened:
            file = self._load(path, item.path_span)
            if file is None:
                self._opened[identity] = None
            else:
                self.open(file)
        return self._opened[identity]

    def _check_cycle(self, identity: str, item: ast.Import) -> None:
        identities = [unit.identity for unit in self._chain]
        if identity not in identities:
            return
        circle = self._chain[identities.index(identity) :]
        names = [os.path.basename(unit.path) for unit in (*circle, circle[0])]
        raise error(
            "E333",
            "a file imports itself" if len(circle) == 1 else "files import each other in a circle",
            item.path_span,
            " -> ".join(names),
            help="move what both need to a file that imports neither",
        )


def _collect(unit: Unit, item: ast.Item, bag: Bag) -> None:
    kind = {
        ast.Block: "block",
        ast.Extern: "extern",
        ast.Function: "function",
        ast.FileLet: "constant",
        ast.Variant: "variant",
    }.get(type(item))
    if kind is None:
        return
    names = item.names if isinstance(item, ast.FileLet) else (item.name,)  # type: ignore[attr-defined]
    for ident in names:
        entity = Entity(kind, ident.text, item, ident.span, unit)
        try:
            _declare(unit, ident, entity)
        except SpecError as failure:
            bag.add(failure.diagnostic)
        unit.own.append(entity)


def _declare(unit: Unit, ident: ast.Ident, entity: Entity) -> None:
    other = unit.names.get(ident.text)
    if other is not None:
        raise error(
            "E304",
            f"`{ident.text}` has a meaning in this file already",
            ident.span,
            "named again",
            others=((other.span, f"{article(_called(other))} of that name"),),
            help="rename one of them" if entity.unit is unit else "import it `as` another name",
        )
    unit.names[ident.text] = entity
    try:
        _check_free(ident)
    except SpecError:
        if entity.unit is unit:
            entity.kind = "broken"
        raise


def _check_free(ident: ast.Ident) -> None:
    check_name(ident.text, ident.span)
    if ident.text in BUILTINS:
        raise error(
            "E305", f"`{ident.text}` is a function of the language", ident.span, help="rename it"
        )
    if ident.text in MERGES or table.lookup(ident.text) is not None:
        raise error(
            "E305", f"`{ident.text}` is an op of the language", ident.span, help="rename it"
        )


def _called(entity: Entity) -> str:
    if isinstance(entity.node, ast.Block):
        return entity.node.kind
    words = {"constant": "let", "function": "fn", "broken": "import"}
    return words.get(entity.kind, entity.kind)


def _imported(name: ast.ImportName, source: Unit | None, unit: Unit) -> Entity:
    wanted = name.name.text
    if source is None:
        return Entity("broken", wanted, None, name.name.span, unit)
    entity = source.names.get(wanted)
    own = [other.text for other in source.own]
    if entity is None:
        raise error(
            "E334",
            f"`{os.path.basename(source.path)}` has no `{wanted}`",
            name.name.span,
            notes=(f"it has {listed(own)}" if own else "it defines nothing",),
            help=did_you_mean(wanted, own),
            fix=respelt(wanted, own, name.name.span),
        )
    if entity.unit is not source and entity.kind != "broken":
        raise error(
            "E334",
            f"`{os.path.basename(source.path)}` only imports `{wanted}` itself",
            name.name.span,
            help=f"import it from `{os.path.basename(entity.unit.path)}`",
        )
    return entity
