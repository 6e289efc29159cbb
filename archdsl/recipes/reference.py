"""Writes the reference of recipes: `python -m archdsl.recipes.reference > docs/recipes.md`."""

from __future__ import annotations

from typing import Any

from archdsl.ops.op import Size
from archdsl.recipes.check import bounds, expected
from archdsl.recipes.entry import REQUIRED, DataSet, Entry, Loss, Parameter, Setting, Step
from archdsl.recipes.table import SETTINGS
from archdsl.values import show

HEAD = """\
# Recipes

Written from the table in `archdsl/recipes` by `python -m archdsl.recipes.reference >
docs/recipes.md`. How a recipe is written, and those of the shipped specs: [training.md](training.md).

| key | what it takes | left out |
|---|---|---|
"""


def reference() -> str:
    """The whole page."""
    rows = [
        f"| [`{setting.name}`](#{setting.name}) | `{setting.example}` "
        f"| {setting.default or 'has to be there'} |\n"
        for setting in SETTINGS
    ]
    return "\n".join([HEAD + "".join(rows), *map(_setting, SETTINGS)])


def _setting(setting: Setting) -> str:
    lines = [f"## `{setting.name}`", "", setting.doc, ""]
    if setting.parameter is not None:
        lines.append(f"- it is {_kind(setting.parameter)}")
    unsaid = "it has to be there" if setting.default is None else f"left out: {setting.default}"
    lines.append(f"- {unsaid}")
    lines.append(f"- `{setting.name}: {setting.example}`")
    parts = ["\n".join(lines) + "\n"]
    if setting.name == "evaluate":  # its steps are told under `augment`
        return "\n".join(parts)
    shown = list(setting.methods)
    if any(isinstance(entry, Step) for entry in shown):
        single = [entry for entry in shown if isinstance(entry, Step) and entry.single]
        batches = [entry for entry in shown if entry not in single]
        parts += ["**On each picture**\n", *map(_entry, single)]
        parts += ["**On batches**\n", *map(_entry, batches)]
    else:
        parts += map(_entry, shown)
    return "\n".join(parts)


def _entry(entry: Entry) -> str:
    lines = [f"### `{signature(entry)}`", "", entry.doc, ""]
    lines += [_parameter(parameter) for parameter in entry.parameters]
    lines += _facts(entry)
    if entry.torch is not None:
        lines.append(f"- PyTorch: `{entry.torch}`")
    return "\n".join(lines).rstrip() + "\n"


def _facts(entry: Entry) -> list[str]:
    if isinstance(entry, DataSet):
        return [f"- mean {_numbers(entry.mean)}, deviation {_numbers(entry.std)}"]
    if isinstance(entry, Step):
        facts = []
        if not entry.random:
            sure = any(parameter.name == "p" for parameter in entry.parameters)
            facts.append("- also in `evaluate`" + (", where `p` is 1" if sure else ""))
        if entry.coloured:
            names = " and ".join(f"`{name}`" for name in entry.coloured)
            facts.append(f"- not on grey pictures, unless with {names} 0")
        return facts
    if isinstance(entry, Loss):
        facts = [] if entry.mixes else ["- neither with `mixup` nor with `cutmix`"]
        if entry.refuses:
            ends = ", ".join(f"`{op}`" for op in entry.refuses)
            facts.append(f"- not for a model that ends in one of {ends}")
        return facts
    return []


def signature(entry: Entry) -> str:
    """The call with its defaults, as a spec writes it."""
    if not entry.parameters:
        return entry.name
    return f"{entry.name}({', '.join(map(_in_signature, entry.parameters))})"


def _in_signature(parameter: Parameter) -> str:
    if parameter.default is REQUIRED:
        return parameter.name
    return f"{parameter.name}={_short(parameter.default)}"


def _short(value: Any) -> str:
    if isinstance(value, tuple) and not isinstance(value, Size):
        return f"[{', '.join(map(_short, value))}]"
    return f"{value:.3g}" if isinstance(value, float) else show(value)


def _parameter(parameter: Parameter) -> str:
    return f"- `{parameter.name}`: {parameter.doc} ({_kind(parameter)})"


def _kind(parameter: Parameter) -> str:
    words = [expected(parameter), bounds(parameter)]
    if parameter.unit is not None:
        words.append(f"in {parameter.unit}")
    if parameter.optional:
        words.append("or none")
    return ", ".join(word for word in words if word)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


if __name__ == "__main__":
    print(reference(), end="")
