"""Specs with a recipe: a small classifier and what is said of its training."""

from __future__ import annotations

from archdsl import driver
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.ir.recipe import Recipe

NET = """\
model Net(num_classes = 10, width = 8): [3, 32, 32] -> [num_classes] {
    conv(width, 3x3) -> relu
    aux(weight=0.3) side: { global_avgpool -> flatten -> linear(num_classes) }
    global_avgpool -> flatten -> fc: linear(num_classes)
}

variant net = Net()
"""
NEEDED = {
    "data": "cifar10",
    "optimizer": "sgd(lr=0.1)",
    "epochs": "10",
    "batch": "128",
}


def train(body: str = "", head: str = "train basic", without: str = "") -> str:
    """A `train` block that says `body`, and whatever else it needs."""
    said = {line.replace("«", "").partition(":")[0].strip() for line in body.split("\n")}
    said |= {"epochs"} if "steps" in said else set()
    lines = [
        f"    {key}: {value}"
        for key, value in NEEDED.items()
        if key not in said and key not in without.split()
    ]
    lines += [f"    {line.strip()}" for line in body.split("\n") if line.strip()]
    return f"{head} {{\n" + "\n".join(lines) + "\n}\n"


def checked(text: str) -> tuple[list[Recipe], list[Diagnostic]]:
    """The recipes of all variants, and what was found wrong."""
    bag = Bag()
    found = driver.check("spec.arch", bag, text=text)
    recipes = [] if found is None else [r for design in found.designs for r in design.recipes]
    return recipes, bag.items


def recipe(body: str = "", model: str = NET, head: str = "train basic") -> Recipe:
    """The only recipe of a spec without mistakes."""
    recipes, items = checked(model + train(body, head))
    assert not items, [f"{item.code} {item.message}" for item in items]
    (only,) = recipes
    return only


def only_error(text: str) -> Diagnostic:
    """The one error of a text, which stands at the mark `«so»`."""
    start, end = text.index("«"), text.index("»") - 1
    plain = text.replace("«", "").replace("»", "")
    _, found = checked(plain)
    assert len(found) == 1, [f"{item.code} {item.message}" for item in found]
    span = found[0].label.span
    assert (span.start, span.end) == (start, end), (span.text, plain[start:end])
    return found[0]
