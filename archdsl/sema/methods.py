"""Keys and methods of `train`: found in the table, their arguments bound; what others call them."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import Fix, SpecError
from archdsl.ir import recipe as r
from archdsl.ir.program import BoundArgument
from archdsl.recipes.entry import REQUIRED, DataSet, Entry, Parameter, Setting, Step
from archdsl.recipes.table import ABSENT, KEYS, SETTINGS
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archdsl.sema.resolve import Resolver
    from archdsl.sema.scope import Scope
    from archdsl.syntax import ast

    Named = Setting | Entry | Parameter


def unknown_key(key: ast.Ident) -> SpecError:
    """The finding that `train` has no such key."""
    meant = _elsewhere(key.text, SETTINGS)
    help, fix = _advice(key.text, key.span, [*KEYS], meant)
    return error(
        "E601",
        f"a recipe has no key `{key.text}`",
        key.span,
        notes=(f"there are {listed(KEYS)}",),
        help=help,
        fix=fix,
    )


def methods_of(
    setting: Setting, value: e.Expr, resolver: Resolver, scope: Scope
) -> tuple[r.Choice, ...]:
    """The methods that a key is given."""
    if not setting.many:
        if isinstance(value, e.ListExpr) and len(value.items) == 1:
            item = value.items[0]
            raise _not_a_method(setting, value, Fix(span=value.span, text=item.span.text))
        return (_method(setting, value, resolver, scope),)
    if not isinstance(value, e.ListExpr):
        single = isinstance(value, (e.Name, e.CallExpr))
        raise error(
            "E606",
            f"`{setting.name}` is a list of steps",
            value.span,
            help=f"write `[{value.span.text}]`" if single else f"such as `{setting.example}`",
            fix=Fix(span=value.span, text=f"[{value.span.text}]") if single else None,
        )
    found = tuple([_method(setting, item, resolver, scope) for item in value.items])
    _check_order(setting, found)
    return found


def _method(setting: Setting, node: e.Expr, resolver: Resolver, scope: Scope) -> r.Choice:
    if isinstance(node, e.Text) and setting.method(node.value) is not None:
        raise _not_a_method(setting, node, Fix(span=node.span, text=node.value))
    if not isinstance(node, (e.Name, e.CallExpr)):
        raise _not_a_method(setting, node, None)
    name = node.id if isinstance(node, e.Name) else node.function
    at = Span(source=node.span.source, start=node.span.start, end=node.span.start + len(name))
    entry = setting.method(name)
    if entry is None:
        raise _unknown_method(setting, name, at)
    given = () if isinstance(node, e.Name) else node.arguments
    pairs = _matched(entry, given, at)
    return r.Choice(
        name=entry.name,
        arguments=tuple(
            BoundArgument(
                parameter=parameter.name,
                value=value_of(
                    parameter, f"`{parameter.name}` of `{name}`", argument.value, resolver, scope
                ),
                span=argument.span,
            )
            for parameter, argument in pairs
        ),
        span=node.span,
    )


def _not_a_method(setting: Setting, node: e.Expr, fix: Fix | None) -> SpecError:
    what = "takes steps such as" if setting.many else "is a method such as"
    return error(
        "E606",
        f"`{setting.name}` {what} `{setting.example}`, and this is {_sort(node)}",
        node.span,
        notes=(f"there are {listed(entry.name for entry in setting.methods)}",),
        help=f"write `{fix.text}`" if fix is not None else None,
        fix=fix,
    )


def _sort(node: e.Expr) -> str:
    sorts = {e.Text: "a string", e.Number: "a number", e.ListExpr: "a list", e.Null: "`none`"}
    return sorts.get(type(node), "an expression")


def _unknown_method(setting: Setting, name: str, at: Span) -> SpecError:
    names = [entry.name for entry in setting.methods]
    home = next((key for key in SETTINGS if key.method(name) is not None), None)
    notes = (f"there are {listed(names)}",)
    entry = None if home is None else home.method(name)
    fix = None
    if isinstance(entry, DataSet) and setting.name == "normalize":
        help: str | None = f"write `standard(mean={[*entry.mean]}, std={[*entry.std]})`"
    elif home is not None:
        help = f"it is a method of `{home.name}`: `{home.name}: {name}`"
    else:
        help, fix = _advice(name, at, names, _elsewhere(name, setting.methods))
    return error(
        "E602", f"`{setting.name}` has no method `{name}`", at, notes=notes, help=help, fix=fix
    )


def _matched(
    entry: Entry, given: Sequence[e.Argument], at: Span
) -> list[tuple[Parameter, e.Argument]]:
    known = {parameter.name: parameter for parameter in entry.parameters}
    formals = [
        args.Formal(name=parameter.name, required=parameter.default is REQUIRED)
        for parameter in entry.parameters
    ]
    for argument in given:
        meant = _elsewhere(argument.name or "", entry.parameters)
        if argument.name is not None and argument.name not in known and meant is not None:
            start = argument.span.start
            place = Span(source=at.source, start=start, end=start + len(argument.name))
            raise error(
                "E310",
                f"`{entry.name}` has no parameter `{argument.name}`",
                place,
                notes=(f"the parameters are {args.signature(formals)}",),
                help=f"it is called `{meant}` here",
                fix=Fix(span=place, text=meant),
            )
    pairs = args.match(given, formals, entry.name, at, partial=False)
    return [(known[formal.name], argument) for formal, argument in pairs]


def value_of(
    parameter: Parameter, what: str, node: e.Expr, resolver: Resolver, scope: Scope
) -> e.Expr:
    """The value of a parameter with its names resolved; words stand in quotes."""
    if parameter.type in ("word", "words"):
        for item in node.items if isinstance(node, e.ListExpr) else (node,):
            if isinstance(item, e.Name) and _free(item.id, resolver, scope):
                quoted = item.id in parameter.choices
                choices = ", ".join(f'"{choice}"' for choice in parameter.choices)
                raise error(
                    "E608",
                    f"{what} is a word in quotes",
                    item.span,
                    notes=(f"there are {choices}",),
                    help=f'write `"{item.id}"`' if quoted else None,
                    fix=Fix(span=item.span, text=f'"{item.id}"') if quoted else None,
                )
    return resolver.resolve(node, scope)


def _free(name: str, resolver: Resolver, scope: Scope) -> bool:
    return scope.find(name) is None and name not in resolver.unit.names


def _check_order(setting: Setting, found: tuple[r.Choice, ...]) -> None:
    """Single pictures first, then batches; nothing random in evaluation."""
    batch: r.Choice | None = None
    for choice in found:
        entry = setting.method(choice.name)
        assert isinstance(entry, Step)
        if setting.name == "evaluate" and entry.random:
            raise error(
                "E609",
                f"`{choice.name}` leaves something to chance, and `evaluate` must not",
                choice.span,
                help="it belongs in `augment`",
            )
        if not entry.single:
            batch = batch or choice
        elif batch is not None:
            raise error(
                "E609",
                f"`{choice.name}` is for single pictures, and stands behind `{batch.name}`, "
                "which is for batches",
                choice.span,
                others=((batch.span, "from here on all pictures have one size"),),
                help=f"put `{choice.name}` before `{batch.name}`",
            )


# What others call it


def _plain(name: str) -> str:
    """A name without case, underscores and the words that libraries put around it."""
    plain = name.lower().replace("_", "")
    plain = plain.removeprefix("random") if len(plain) > 9 else plain
    for end in ("loss", "lr", "withlogits"):
        plain = plain.removesuffix(end) if len(plain) > len(end) + 1 else plain
    return plain


def _elsewhere(name: str, entries: Iterable[Named]) -> str | None:
    """The name here of what goes by another name elsewhere."""
    plain = _plain(name)
    for entry in entries:
        if plain in (_plain(entry.name), *map(_plain, entry.elsewhere)):
            return entry.name
    return None


def _advice(
    name: str, at: Span, names: Sequence[str], meant: str | None
) -> tuple[str | None, Fix | None]:
    """What to say of a name that isn't there, and the mend where it is certain."""
    absent = next((text for known, text in ABSENT.items() if _plain(known) == _plain(name)), None)
    if meant is not None and _plain(meant) == _plain(name):
        return f"it is called `{meant}` here", Fix(span=at, text=meant)
    if absent is not None:
        return absent, None
    if meant is not None:
        return f"it is called `{meant}` here", None
    return did_you_mean(name, names), respelt(name, names, at)
