"""Diagnostics for programs to read: JSON, GitHub's workflow commands, SARIF 2.1.0.

Lines and columns count from 1, columns in characters; an end is the column after the last one.
"""

from __future__ import annotations

from json import dumps

from archdsl.render import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from archdsl.diagnostics import Diagnostic, Label
    from archdsl.source import Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def json(diagnostics: Sequence[Diagnostic]) -> str:
    """`{"diagnostics": [...]}`"""
    return dumps({"diagnostics": [to_json(item) for item in diagnostics]})


# GitHub


def github(diagnostics: Sequence[Diagnostic]) -> str:
    """A line for each, which a workflow shows as an annotation in the file."""
    return "\n".join(map(_command, diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    plain = to_json(diagnostic)
    properties = {"file": plain["file"]}
    if diagnostic.label.span.source.text:
        properties |= {"line": plain["line"], "endLine": plain["end_line"], "col": plain["column"]}
        if plain["line"] == plain["end_line"] and plain["end_column"] > plain["column"]:
            properties["endColumn"] = plain["end_column"] - 1  # here the end belongs to it
    properties["title"] = f"{diagnostic.severity}[{diagnostic.code}]"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{diagnostic.severity} {listed}::{_data(_words(plain))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _words(plain: dict[str, Any]) -> str:
    """All that a diagnostic says, in lines."""
    help = [] if plain["help"] is None else [f"help: {plain['help']}"]
    return "\n".join([plain["message"], *plain["notes"], *help])


# SARIF


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A log of one run. Its rules are the codes that occur, with their pages."""
    from archdsl import __version__
    from archdsl.codes import PAGES

    codes = sorted({item.code for item in diagnostics})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": PAGES[code].sentence},
            "help": {"text": str(PAGES[code])},
            "defaultConfiguration": {"level": "warning" if code[0] == "W" else "error"},
        }
        for code in codes
    ]
    driver = {"name": "archdsl", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes) for item in diagnostics],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(diagnostic: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    result = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": _words(to_json(diagnostic))},
        "locations": [_location(diagnostic.label)],
    }
    if diagnostic.others:
        result["relatedLocations"] = [_location(label) for label in diagnostic.others]
    if diagnostic.fix is not None:
        span = diagnostic.fix.span
        inserted = {"text": diagnostic.fix.text}
        replacement = {"deletedRegion": _region(span), "insertedContent": inserted}
        change = {"artifactLocation": _artifact(span), "replacements": [replacement]}
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def _location(label: Label) -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(label.span)}
    if label.span.source.text:
        physical["region"] = _region(label.span)
    location: dict[str, Any] = {"physicalLocation": physical}
    if label.text:
        location["message"] = {"text": label.text}
    return location


def _artifact(span: Span) -> dict[str, Any]:
    from os.path import isabs
    from urllib.parse import quote

    path = quote(span.source.path.replace("\\", "/"), errors="surrogateescape")
    return {"uri": f"file://{path}" if isabs(span.source.path) else path}


def _region(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


FORMATS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "json": json,
    "github": github,
    "sarif": sarif,
}
