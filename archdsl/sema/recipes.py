"""`train`: which variants a recipe is for, and what its keys and methods mean.

Values are the analysis's: here names find their meaning, and arguments their parameters.
"""

from __future__ import annotations

from archdsl.diagnostics import SpecError
from archdsl.ir import recipe as r
from archdsl.recipes.table import KEYS, SETTINGS
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.imports import importable
from archdsl.sema.methods import methods_of, unknown_key, value_of
from archdsl.sema.resolve import Resolver
from archdsl.sema.scope import Binding, Scope, names_in
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archdsl.diagnostics import Bag
    from archdsl.recipes.entry import Setting
    from archdsl.sema.units import Entity, Unit


def lowered(unit: Unit, name_of: Callable[[Entity], str], bag: Bag) -> Iterator[r.Train]:
    """The recipes of a file; what is wrong is reported, and leaves its recipe out."""
    known: dict[str, ast.Ident] = {}
    variants = _Variants(unit, Resolver(unit, name_of, lambda label: None), bag)
    for item in unit.file.items:
        if not isinstance(item, ast.Train):
            continue
        recipe = _Recipe(item, variants, bag)
        if item.name.text in known:
            recipe.report(_twice(f"recipe `{item.name.text}`", item.name, known[item.name.text]))
        known.setdefault(item.name.text, item.name)
        train = recipe.lowered()
        if train is not None:
            yield train


class _Variants:
    """The variants of a file and their models: what recipes can be for."""

    def __init__(self, unit: Unit, resolver: Resolver, bag: Bag) -> None:
        self.unit = unit
        self.bag = bag
        self.resolver = resolver
        own = [x for x in unit.own if x.kind == "variant" and unit.names[x.text] is x]
        self.own = set(own)
        self.names = [x.text for x in own]
        self.made = list(dict.fromkeys(filter(None, map(self.model_of, own))))
        self.everything = self.scope(self.made)

    def model_of(self, variant: Entity) -> Entity | None:
        """The model of a variant; None where there is none."""
        try:
            return self.resolver.model_of(variant)
        except SpecError as failure:
            self.bag.add(failure.diagnostic)
            return None

    def scope(self, models: Iterable[Entity]) -> Scope:
        """What values can refer to: the model's input, and the parameters that all models have."""
        scope = Scope()
        blocks = [model.node for model in models if isinstance(model.node, ast.Block)]
        if blocks:
            of_all = set.intersection(*({x.name.text for x in block.params} for block in blocks))
            scope.put(Binding("in", "tensor", "input", blocks[0].name.span))
            for param in blocks[0].params:
                if param.name.text in of_all:
                    scope.put(Binding(param.name.text, "any", "parameter", param.name.span))
        return scope


class _Recipe:
    """One `train` block."""

    def __init__(self, node: ast.Train, variants: _Variants, bag: Bag) -> None:
        self.node = node
        self.variants = variants
        self.resolver = variants.resolver
        self.bag = bag
        self.sound = True

    def report(self, failure: SpecError) -> None:
        self.sound = False
        self.bag.add(failure.diagnostic)

    def lowered(self) -> r.Train | None:
        targets: dict[str, tuple[ast.Ident, Entity]] = {}
        for ident in self.node.targets:
            try:
                targets[ident.text] = (ident, self._target(ident, targets))
            except SpecError as failure:
                self.report(failure)
        scope = self.variants.everything
        if self.node.targets:
            models = [self.variants.model_of(entity) for _, entity in targets.values()]
            scope = self.variants.scope(filter(None, models))
        told: dict[str, tuple[ast.Ident, r.Told]] = {}
        for pair in self.node.pairs:
            try:
                found = self._told(pair, told, scope)
                told[found.key] = (pair.key, found)
            except SpecError as failure:
                self.report(failure)
        try:
            self._check_whole({pair.key.text: pair.key for pair in self.node.pairs})
        except SpecError as failure:
            self.report(failure)
        if not self.sound:
            return None
        used = names_in(self.node) & scope.names.keys()
        return r.Train(
            name=self.node.name.text,
            targets=tuple(
                r.Target(name=self.resolver.name_of(entity), span=ident.span)
                for ident, entity in targets.values()
            ),
            told=tuple(found for _, found in told.values()),
            parametric=any(name != "in" for name in used),
            span=self.node.name.span,
        )

    # Whom it is for

    def _target(self, ident: ast.Ident, before: dict[str, tuple[ast.Ident, Entity]]) -> Entity:
        """The variant or model of a name."""
        if ident.text in before:
            raise _twice(f"`{ident.text}`", ident, before[ident.text][0])
        entity = self.variants.unit.names.get(ident.text)
        if entity is None or (entity not in self.variants.own and entity.kind != "broken"):
            self._check_model(ident, entity)
        assert entity is not None
        self.sound = self.sound and entity.kind != "broken"
        return entity

    def _check_model(self, ident: ast.Ident, entity: Entity | None) -> None:
        names = self.variants.unit.names
        known = [*self.variants.names, *(name for name in names if _is_model(names[name]))]
        if entity is None:
            imported = importable(ident.text, ident.span)
            raise error(
                "E605",
                f"there is no variant or model `{ident.text}`",
                ident.span,
                notes=(f"there is {listed(known[:12])}" if known else "the file has none",),
                help=imported or did_you_mean(ident.text, known),
                fix=None if imported else respelt(ident.text, known, ident.span),
            )
        if entity.kind == "variant":
            raise error(
                "E605",
                f"`{ident.text}` is a variant of another file",
                ident.span,
                help=f"make one here: `variant mine = {ident.text}()`",
            )
        if not _is_model(entity):
            raise error(
                "E605",
                f"a recipe is for variants and models, and `{ident.text}` is neither",
                ident.span,
                others=((entity.span, "defined here"),),
                help=did_you_mean(ident.text, known),
            )
        if entity not in self.variants.made:
            raise error(
                "E605",
                f"the file has no variant of `{ident.text}`",
                ident.span,
                help=f"a recipe is for variants: `variant name = {ident.text}(...)`",
            )

    # What it says

    def _told(
        self, pair: ast.Pair, told: dict[str, tuple[ast.Ident, r.Told]], scope: Scope
    ) -> r.Told:
        setting = KEYS.get(pair.key.text)
        if setting is None:
            raise unknown_key(pair.key)
        if setting.name in told:
            raise _twice(f"`{setting.name}`", pair.key, told[setting.name][0])
        if setting.parameter is not None:
            value = value_of(
                setting.parameter, f"`{setting.name}`", pair.value, self.resolver, scope
            )
            return r.Told(key=setting.name, methods=(), value=value, span=pair.value.span)
        methods = methods_of(setting, pair.value, self.resolver, scope)
        return r.Told(key=setting.name, methods=methods, value=None, span=pair.value.span)

    def _check_whole(self, keys: dict[str, ast.Ident]) -> None:
        if "epochs" in keys and "steps" in keys:
            later = keys["steps"] if keys["steps"].span.start > keys["epochs"].span.start else None
            raise error(
                "E603",
                "a recipe is as long as `epochs` or `steps` say, and this one has both",
                (later or keys["epochs"]).span,
                others=((keys["epochs" if later else "steps"].span, "given here"),),
                help="leave one of them out",
            )
        missing = [setting for setting in SETTINGS if _lacks(setting, keys)]
        # A key that isn't known may be meant for one that lacks.
        if missing and keys.keys() <= KEYS.keys():
            lines = ", ".join(f"{setting.name}: {setting.example}" for setting in missing)
            raise error(
                "E604",
                f"the recipe `{self.node.name.text}` lacks "
                f"{listed(setting.name for setting in missing)}",
                self.node.name.span,
                help=f"such as `{lines}`",
            )


def _is_model(entity: Entity) -> bool:
    return isinstance(entity.node, ast.Block) and entity.node.kind == "model"


def _lacks(setting: Setting, keys: dict[str, ast.Ident]) -> bool:
    if setting.name == "epochs":
        return "epochs" not in keys and "steps" not in keys
    return setting.default is None and setting.name not in keys


def _twice(what: str, again: ast.Ident, first: ast.Ident) -> SpecError:
    return error(
        "E603",
        f"{what} stands here twice",
        again.span,
        "again",
        others=((first.span, "first here"),),
        help="leave one of them out, or rename it" if "recipe" in what else "leave one of them out",
    )
