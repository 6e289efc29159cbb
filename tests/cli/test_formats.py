"""What `check` prints for programs: GitHub's workflow commands and SARIF; and colour."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from archdsl.cli import main
from archdsl.codes import PAGES

WRONG = """\
block Basic(width) {
    # It is named and used.
    conv(widht, 3x3) -> bn
}
model Net: [3, 32, 32] -> [16, 32, 32] {
    Basic(8)
    sum {
        conv(16, 3x3)
        maxpool(2x2) -> conv(16, 3x3)
    }
}
variant net = Net()
"""
SHAPES = WRONG.replace("widht", "width")
WARNED = """\
model Net: [3, 32, 32] -> [16, 32, 32] { conv(16, 3x3) -> relu }
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a b,c.arch").write_text(WRONG)
    Path("shapes.arch").write_text(SHAPES)
    Path("warned.arch").write_text(WARNED)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["check", *arguments])
    result = capsys.readouterr()
    assert result.err == ""
    return status, result.out


# GitHub


def test_an_annotation_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = shown(capsys, "a b,c.arch", "--format=github")
    assert status == 1
    assert out == (
        "::error file=a b%2Cc.arch,line=3,endLine=3,col=10,endColumn=14,title=error[E301]"
        "::there is no `widht` here%0Aunknown name%0Ahelp: did you mean `width`?\n"
    )


def test_what_a_runner_would_take_apart_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    Path("100%: a,b.arch").write_text('variant v = M("50%")\n')
    status, out = shown(capsys, "100%: a,b.arch", "--format=github")
    assert status == 1
    assert out.startswith("::error file=100%25%3A a%2Cb.arch,line=1,")
    command = re.fullmatch(r"::(\w+) ([^:]*)::(.*)\n", out)
    assert command is not None
    properties = dict(item.split("=") for item in command[2].split(","))
    assert unquote(properties["file"]) == "100%: a,b.arch"


def test_an_annotation_of_a_warning_and_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = shown(capsys, "warned.arch", "--format=github")
    assert status == 0
    assert out.startswith("::warning file=warned.arch,line=1,endLine=1,col=7,endColumn=9,")
    status, out = shown(capsys, "missing.arch", "--format=github")
    assert status == 1
    assert out.startswith("::error file=missing.arch,title=error[E390]::there is no file")


def test_nothing_wrong_is_nothing_to_annotate(capsys: pytest.CaptureFixture[str]) -> None:
    Path("right.arch").write_text(WARNED + "variant net = Net()\n")
    assert shown(capsys, "right.arch", "--format=github") == (0, "")


# SARIF


def log(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(capsys, *arguments, "--format=sarif")[1])
    return found


def locations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for location in [*result["locations"], *result.get("relatedLocations", [])]:
        yield location["physicalLocation"]
    for fix in result.get("fixes", []):
        for change in fix["artifactChanges"]:
            assert change["replacements"], "at least one, says the standard"
            for replacement in change["replacements"]:
                yield {
                    "artifactLocation": change["artifactLocation"],
                    "region": replacement["deletedRegion"],
                }


def test_a_log_holds_what_the_standard_requires(capsys: pytest.CaptureFixture[str]) -> None:
    """SARIF 2.1.0: sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.29, 3.30, 3.55 to 3.57."""
    found = log(capsys, "a b,c.arch", "shapes.arch", "warned.arch", "missing.arch")
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "archdsl"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"] == PAGES[rule["id"]].sentence
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    assert [item["ruleId"] for item in run["results"]] == ["E301", "E202", "W602", "E390"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in locations(result):
            uri = location["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
            region = location.get("region")
            if region is None:
                assert unquote(uri) == "missing.arch"
                continue
            start = (region["startLine"], region["startColumn"])
            end = (region["endLine"], region["endColumn"])
            assert (1, 1) <= start <= end
            lines = Path(unquote(uri)).read_text().splitlines()
            assert region["endLine"] <= len(lines)
            assert region["endColumn"] <= len(lines[region["endLine"] - 1]) + 1


def test_a_result_says_all(capsys: pytest.CaptureFixture[str]) -> None:
    (result,) = log(capsys, "shapes.arch")["runs"][0]["results"]
    assert result["message"]["text"].splitlines()[0] == (
        "the branches of this `sum` differ in height and width"
    )
    assert [place["message"]["text"] for place in result["relatedLocations"]] == ["16x16", "32x32"]
    (result,) = log(capsys, "a b,c.arch")["runs"][0]["results"]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement == {
        "deletedRegion": {"startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 15},
        "insertedContent": {"text": "width"},
    }


def test_an_absolute_path_is_a_uri(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("warned.arch").resolve()
    (result,) = log(capsys, str(path))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == path.as_uri()


def test_a_log_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("right.arch").write_text(WARNED + "variant net = Net()\n")
    (run,) = log(capsys, "right.arch")["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []


# JSON


def test_json_shows_the_fix(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--json", "--format=json"):
        (found,) = json.loads(shown(capsys, "a b,c.arch", option)[1])["diagnostics"]
        assert found["fix"] == {
            "file": "a b,c.arch",
            "line": 3,
            "column": 10,
            "end_line": 3,
            "end_column": 15,
            "text": "width",
        }


# Colour


@pytest.mark.parametrize(
    ("terminal", "settings", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals(
    terminal: bool,
    settings: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert main(["check", "shapes.arch"]) == 1
    assert ("\x1b[" in capsys.readouterr().err) == coloured
