"""`weights`: how it is lowered, and where it goes."""

from __future__ import annotations

from pathlib import Path

from sema_text import MODEL, UNIT, definition, errors, lowered

import archdsl
from archdsl.ir import program as p

TIMM = """
weights timm for Net {
    "stem.{rest}": "conv1.{rest}"
    "blocks.{i}.{kind}.{rest}": "layer{i + 1}.{kind}.{rest}"
    "head.{rest}": none
}
"""


def told(text: str, name: str = "Net") -> tuple[p.Weights, ...]:
    return definition(text, name).weights


def test_captures_that_are_counted_with_are_numbers() -> None:
    (weights,) = told(UNIT + MODEL + TIMM)
    assert weights.source == "timm"
    captures = [
        {part.name: part.number for part in rule.pattern if isinstance(part, p.Capture)}
        for rule in weights.rules
    ]
    assert captures == [
        {"rest": False},
        {"i": True, "kind": False, "rest": False},
        {"rest": False},
    ]
    assert weights.rules[2].target is None


def test_a_pattern_of_numbers_leaves_others_to_the_next() -> None:
    text = 'weights lib for Net { "a.{i}": "layer{i + 1}"; "a.{j}": "fc.{j}" }'
    assert len(told(UNIT + MODEL + text)[0].rules) == 2


def test_parameters_constants_and_functions_can_be_used() -> None:
    text = (
        'let OFF = 3\nfn moved(x) = x + OFF\nweights lib for Net { "a.{i}": "b{moved(i) - depth}" }'
    )
    assert not errors(UNIT + MODEL + text)
    program, _ = lowered(UNIT + MODEL + text)
    assert [constant.names for constant in program.constants] == [("OFF",)]


def test_they_go_along_with_an_imported_model(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(UNIT + MODEL + TIMM)
    text = 'import "net.arch" (Net as Other)\nweights mine for Other { "a": none }\n'
    program, bag = lowered(text + "variant v = Other()", str(tmp_path / "spec.arch"))
    assert not bag.items
    (model,) = [found for found in program.definitions if found.kind == "model"]
    assert [weights.source for weights in model.weights] == ["mine", "timm"]


def test_another_file_may_have_other_variants(tmp_path: Path) -> None:
    clause = 'weights lib for Net { "a.{i}": "layer1.1.{i}" }\n'
    (tmp_path / "net.arch").write_text(f"{UNIT}{MODEL}{clause}variant net = Net()\n")
    (tmp_path / "other.arch").write_text(
        'import "net.arch" (Net, Unit)\nvariant v = Net(Unit, depth=1)\n'
    )
    assert not archdsl.check(tmp_path / "net.arch")
    assert not archdsl.check(tmp_path / "other.arch")
    (tmp_path / "net.arch").write_text(f"{UNIT}{MODEL}{clause}variant v = Net(Unit, depth=1)\n")
    assert [item.code for item in archdsl.check(tmp_path / "net.arch")] == ["E418"]


def test_a_word_of_the_language_only_where_an_item_begins() -> None:
    assert definition(
        "block B(weights) { weights: conv(weights, 3x3) as x\nfrom x -> relu }", "B"
    ).params
