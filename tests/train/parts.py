"""What the parts of training scripts take, in lines: `python tests/train/parts.py [SPEC...]`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "generated"
# Whatever has no part of its own is the recipes': their values, and functions that these name.
RECIPES = "recipes, what they do to pictures, losses"
PARTS = {
    "imports": "",
    RECIPES: "",
    "reading and loading pictures": "Pictures apart loaded places parts",
    "network, evaluation": "built predicted scored means evaluate",
    "several processes": "total local align",
    "checkpoints": "flush digest latest fill start save restored",
    "a run, a step": "Run __init__ train_step",
    "loop, progress, stopping": "train report judge log ask trained",
    "what is not finite": "locate",
    "smoke": "smoked",
    "export": "exported",
    "options": "options main",
}
NAMES = {name: part for part, names in PARTS.items() for name in names.split()}


def starts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The lines where parts begin."""
    yield 1, "imports"
    defined = False
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined = True
            decorated = (each.lineno for each in node.decorator_list)
            yield min([node.lineno, *decorated]), NAMES.get(node.name, RECIPES)
            for each in node.body if node.name == "Run" else ():
                if isinstance(each, ast.FunctionDef):
                    yield each.lineno, NAMES[each.name]
        elif defined and isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield node.lineno, RECIPES


def lengths(script: Path) -> dict[str, int]:
    """The lines of each part, with those that are empty behind it."""
    text = script.read_text(encoding="utf-8")
    begun = [*starts(ast.parse(text))]
    ends = [line for line, _ in begun[1:]] + [len(text.splitlines()) + 1]
    found = dict.fromkeys(PARTS, 0)
    for (line, part), end in zip(begun, ends):
        found[part] += end - line
    return found


def main(specs: list[str]) -> None:
    for spec in specs or ["squeezenet", "resnet"]:
        found = lengths(SHIPPED / f"{spec}_train.py")
        print(f"{spec}: {sum(found.values())} lines")
        for part, count in found.items():
            print(f"{count:6} {part}")


if __name__ == "__main__":
    main(sys.argv[1:])
