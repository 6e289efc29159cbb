"""What is legal and surely not meant: where it is said, where it isn't, and how it is silenced."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import driver
from archdsl.codes import PAGES
from archdsl.diagnostics import Bag

ROOT = Path(__file__).parents[2]
SHIPPED = [*sorted((ROOT / "specs").glob("*.arch")), *sorted((ROOT / "archdsl/std").glob("*.arch"))]
WARNINGS = [page for page in PAGES.values() if page.code.startswith("W")]


def found_in(text: str) -> list[str]:
    bag = Bag()
    driver.check("net.arch", bag, text=text)
    return [item.code for item in bag.items]


def body(text: str, more: str = "") -> str:
    return (
        f"{more}\nmodel Net(n = 2): [3, 8, 8] -> [_, _, _] {{\n{text}\n}}\nvariant net = Net(2)\n"
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_is_meant(path: Path) -> None:
    bag = Bag()
    driver.check(str(path), bag)
    assert {item.code for item in bag.items} <= {"W602"}


@pytest.mark.parametrize("page", WARNINGS, ids=lambda page: page.code)
def test_a_comment_on_its_line_silences_a_warning(page: object) -> None:
    code, wrong = page.code, page.wrong  # type: ignore[attr-defined]
    bag = Bag()
    driver.check("net.arch", bag, text=wrong)
    (item,) = bag.items
    number = item.label.span.source.position(item.label.span.start)[0]
    lines = wrong.split("\n")
    right = (f"# allow: {code}", f"# allow: W600, {code} as in the paper", f"# so; allow: {code}")
    for comment in right:
        changed = [*lines[: number - 1], f"{lines[number - 1]}  {comment}", *lines[number:]]
        assert found_in("\n".join(changed)) == []
    for comment in ("# allow: W600", "# allowed", f"# {code}", f"# disallow: {code}"):
        changed = [*lines[: number - 1], f"{lines[number - 1]}  {comment}", *lines[number:]]
        assert found_in("\n".join(changed)) == [code]
    assert found_in(f"# allow: {code}\n{wrong}") == [code]


def test_an_error_is_never_silenced() -> None:
    assert found_in(body("conv(n, 3x3, groups=5)  # allow: E233")) == ["E233"]


@pytest.mark.parametrize(
    "text",
    [
        body("conv(n, 3x3) -> relu as x\nfrom x -> bn"),
        body("concat { conv(n, 3x3) as left; relu as right }"),  # names for the reader
        body("for i in range(n) { relu; bn }"),
        body("split(3) as (a, b, c)\nfrom (a, b) -> concat -> conv(n, 1x1)"),
        body("let k = n\nlet m = k\nconv(m, 3x3)"),
        body('require n > 1: "{n} is too few"\nrelu'),
        body("U(n)", more="block U(width, twice = 2 * width) { conv(twice, 3x3) }"),
        body("B(relu) * n", more="block B(act) { act }"),
        body("conv(act(n), 3x3)", more="fn act(x) = x"),
        body(
            "for op in [Conv, Pool(2)] { op(width=n) }",
            more="block Conv(width) { conv(width, 1x1) }\n"
            "block Pool(stride, width) { maxpool(stride) }",
        ),
        body("sigmoid -> conv(n, 3x3) -> relu -> dropout(0.1) -> conv(n, 1x1)"),
        "block Unused(unused) { relu }\nmodel Net: [3, 8, 8] -> [3, 8, 8] { relu }\n",
    ],
)
def test_what_may_be_meant_is_not_warned_of(text: str) -> None:
    assert found_in(text) in ([], ["W602"])


def test_what_is_wrong_is_said_alone() -> None:
    assert found_in(body("let unused = 3\nnothing")) == ["E302"]
