"""The values of a `train` block: every method with all its parameters bound, and checked."""

from __future__ import annotations

from archdsl.analysis.notes import error
from archdsl.analysis.value import Value, start
from archdsl.diagnostics import SpecError
from archdsl.ir import recipe as r
from archdsl.ir.evaluate import Poisoned, Scope
from archdsl.recipes.check import value_of
from archdsl.recipes.entry import REQUIRED, Entry, Length, RecipeError
from archdsl.recipes.table import KEYS, lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.analysis.session import Session
    from archdsl.expr import Expr
    from archdsl.ir.design import Design
    from archdsl.source import Span


class Made:
    """A method with its values, and the places that they came from."""

    def __init__(self, entry: Entry, values: dict[str, Any], span: Span) -> None:
        self.entry = entry
        self.values = values
        self.span = span
        self.spans: dict[str, Span] = {}

    def method(self, *without: str) -> r.Method:
        pairs = [(name, value) for name, value in self.values.items() if name not in without]
        return r.Method(name=self.entry.name, arguments=tuple(pairs))

    def place(self, parameter: str | None) -> Span:
        """Where an argument stands, or else the method."""
        return self.spans.get(parameter or "", self.span)

    def check(self, length: Length) -> None:
        """Refuse arguments that don't go together."""
        if self.entry.rule is None:
            return
        try:
            self.entry.rule(self.values, length)
        except RecipeError as problem:
            raise self.fail(problem) from None

    def fail(self, problem: RecipeError) -> SpecError:
        """A finding at the argument that is at fault, or else at the method."""
        at = self.place(problem.parameter)
        return error(problem.code, problem.message, at, help=problem.help)


class Values:
    """What the keys of a recipe are worth for one variant."""

    def __init__(self, session: Session, design: Design, train: r.Train) -> None:
        self.session = session
        self.design = design
        self.train = train
        self.told = {told.key: told for told in train.told}
        self.plain: dict[str, Any] = {}
        self.methods: dict[str, list[Made]] = {}
        (_, self.shape), *_ = design.inputs
        self.scope = Scope(session.roots)
        self.scope.names.update(design.root.arguments)
        self.scope.names["in"] = Value(self.shape, start(1)[0], 0)

    def evaluate(self) -> bool:
        """Work out all keys; whether that succeeded."""
        found = [self._told(told) for told in self.train.told]
        return all(found)

    def one(self, key: str, default: str) -> Made:
        """The method of a key that takes one, or what it is by default."""
        found = self.methods.get(key)
        return found[0] if found else self.default(key, default, self.train.span)

    def setting(self, key: str) -> Any:
        """The value of a key, or what it is by default."""
        parameter = KEYS[key].parameter
        assert parameter is not None
        return self.plain.get(key, parameter.default)

    def default(self, key: str, name: str, span: Span, **given: Any) -> Made:
        """A method with some values, the others as they are where nothing is said."""
        entry = lookup(key, name)
        for parameter in entry.parameters:
            unsaid = None if parameter.default is REQUIRED else parameter.default
            given.setdefault(parameter.name, unsaid)
        ordered = {parameter.name: given[parameter.name] for parameter in entry.parameters}
        return Made(entry, ordered, span)

    def _told(self, told: r.Told) -> bool:
        parameter = KEYS[told.key].parameter
        try:
            if parameter is None:
                self.methods[told.key] = [self._made(told.key, choice) for choice in told.methods]
            elif told.value is not None:
                value = self._value(told.value)
                self.plain[told.key] = value_of(f"`{told.key}`", parameter, value)
        except SpecError as problem:
            self.session.report(problem.diagnostic)
            return False
        except RecipeError as problem:
            finding = error(problem.code, problem.message, told.span, help=problem.help)
            self.session.report(finding.diagnostic)
            return False
        except Poisoned:
            return False
        return True

    def _value(self, node: Expr) -> Any:
        return self.session.evaluator.evaluate(node, self.scope)

    def _made(self, key: str, choice: r.Choice) -> Made:
        made = self.default(key, choice.name, choice.span)
        parameters = {parameter.name: parameter for parameter in made.entry.parameters}
        for argument in choice.arguments:
            name = argument.parameter
            made.spans[name] = argument.span
            value = self._value(argument.value)
            try:
                made.values[name] = value_of(
                    f"`{name}` of `{choice.name}`", parameters[name], value
                )
            except RecipeError as problem:
                raise made.fail(problem) from None
        return made
