"""How a diagnostic looks: the only place that formats one.

    error[E204]: the two sides of this residual differ in channels
      --> specs/resnet.arch:14:9
       |
    14 |         } skip identity
       |           ^^^^^^^^^^^^^ 64 channels here, 256 from the body
       |
       = in Bottleneck(width=64) at 31:28, stage layer1, variant resnet50
       = help: project where they differ

Lines and columns count from 1, columns in characters. Underlines follow what a terminal shows:
tabs stand as four blanks, East Asian wide characters take two cells, and what would steer the
terminal (control characters, marks of writing direction) is shown as a replacement.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from archdsl.diagnostics import Diagnostic, Fix, Label
    from archdsl.source import Source, Span

TAB = 4
WIDTH = 120  # cells of source text; longer lines are cut around what is underlined
CUT = "..."

PLAIN = {"error": "", "warning": "", "note": "", "bold": "", "gutter": "", "off": ""}
COLOURS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "bold": "\x1b[1m",
    "gutter": "\x1b[1;34m",
    "off": "\x1b[0m",
}


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """The diagnostic as text of several lines, without a newline at its end."""
    paint = COLOURS if color else PLAIN
    shade = paint.get(diagnostic.severity, paint["note"])
    title = f"{diagnostic.severity}[{diagnostic.code}]"
    message = "\n".join(_shown(line) for line in diagnostic.message.split("\n"))
    lines = [f"{shade}{title}{paint['off']}{paint['bold']}: {message}{paint['off']}"]

    groups = _by_source(diagnostic)
    gutter = max((len(str(_last_line(labels))) for _, labels in groups), default=1)
    for index, (source, labels) in enumerate(groups):
        arrow = ":::" if index else "-->"
        where = place(labels[0].span)
        lines.append(f"{' ' * gutter}{paint['gutter']}{arrow}{paint['off']} {where}")
        if source.text:
            lines += _snippet(source, labels, diagnostic.label, gutter, paint, shade)

    remarks = [("", note) for note in diagnostic.notes]
    if diagnostic.help is not None:
        remarks.append(("help: ", diagnostic.help))
    blank = " " * gutter
    if remarks:
        lines.append(f"{blank} {paint['gutter']}|{paint['off']}")
    for head, text in remarks:
        first, *rest = text.split("\n")
        lead = f"{paint['bold']}{head}{paint['off']}" if head else ""
        lines.append(f"{blank} {paint['gutter']}={paint['off']} {lead}{_shown(first)}")
        lines += [f"{blank}   {' ' * len(head)}{_shown(line)}".rstrip() for line in rest]
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """Diagnostics one below the other, a blank line between; "" if there are none."""
    return "\n\n".join(render(diagnostic, color=color) for diagnostic in diagnostics)


def report(diagnostics: Sequence[Diagnostic], *, color: bool = False) -> str:
    """All diagnostics of a run, and how many they are; "" if there are none."""
    shown = render_all(diagnostics, color=color)
    return f"{shown}\n\n{tally(diagnostics)}" if shown else ""


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as plain data, with what its labels say before the notes.

    The end is exclusive: the column after the last one.
    """
    span = diagnostic.label.span
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(max(span.start, span.end))
    said = [diagnostic.label.text] if diagnostic.label.text else []
    said += [f"{label.text} ({place(label.span)})" for label in diagnostic.others]
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": span.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "help": diagnostic.help,
        "notes": [*said, *diagnostic.notes],
        "fix": None if diagnostic.fix is None else _plain(diagnostic.fix),
    }


def _plain(fix: Fix) -> dict[str, Any]:
    line, column = fix.span.source.position(fix.span.start)
    end_line, end_column = fix.span.source.position(fix.span.end)
    return {
        "file": fix.span.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "text": fix.text,
    }


def tally(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`; "" where there is nothing to count."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = [(kind, severities.count(kind)) for kind in ("error", "warning")]
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in counts if n)


def place(span: Span) -> str:
    """`file:line:column`; the file alone where it has no text."""
    where = _shown(span.source.path)
    if span.source.text:
        line, column = span.source.position(span.start)
        where += f":{line}:{column}"
    return where


# Snippets


def _by_source(diagnostic: Diagnostic) -> list[tuple[Source, list[Label]]]:
    """The labels by file, that of the finding first; in each the finding leads."""
    groups: list[tuple[Source, list[Label]]] = []
    for label in (diagnostic.label, *diagnostic.others):
        for source, labels in groups:
            if source is label.span.source:
                labels.append(label)
                break
        else:
            groups.append((label.span.source, [label]))
    return groups


def _last_line(labels: list[Label]) -> int:
    return max(label.span.source.position(label.span.start)[0] for label in labels)


def _snippet(
    source: Source,
    labels: list[Label],
    finding: Label,
    gutter: int,
    paint: dict[str, str],
    shade: str,
) -> Iterator[str]:
    bar = f"{paint['gutter']}|{paint['off']}"
    blank = f"{' ' * gutter} {bar}"
    rows: dict[int, list[Label]] = {}
    for label in labels:
        rows.setdefault(source.position(label.span.start)[0], []).append(label)

    yield blank
    previous = None
    for number in sorted(rows):
        if previous is not None and number > previous + 1:
            yield f"{paint['gutter']}{CUT}{paint['off']}"
        text, marks = _line_with_marks(source, number, rows[number])
        yield f"{paint['gutter']}{number:>{gutter}}{paint['off']} {bar} {text}".rstrip()
        for label, (start, end) in zip(rows[number], marks):
            sign, color = ("^", shade) if label is finding else ("-", paint["gutter"])
            words = f" {_shown(label.text)}" if label.text else ""
            under = " " * start + color + sign * (end - start) + words + paint["off"]
            yield f"{blank} {under}".rstrip()
        previous = number


def _line_with_marks(
    source: Source, number: int, labels: list[Label]
) -> tuple[str, list[tuple[int, int]]]:
    """A line as shown, and for each label the cells to underline.

    What goes on over several lines is underlined to the end of its first.
    """
    # Of a line as long as a file, what can be shown.
    far = max(0, source.position(labels[0].span.start)[1] - 2 * WIDTH)
    line = source.line(number)
    raw = line[far : far + 8 * WIDTH]
    shown, cells = _cells(raw)
    marks = []
    for label in labels:
        start = min(max(source.position(label.span.start)[1] - 1 - far, 0), len(raw))
        end = min(start + max(label.span.end - label.span.start, 0), len(raw))
        first = cells[start]
        marks.append((first, max(cells[end], first + 1)))
    if cells[-1] <= WIDTH and len(raw) == len(line):
        return shown, marks
    return _cut(shown, marks, far > 0, far + len(raw) < len(line))


def _cells(raw: str) -> tuple[str, Sequence[int]]:
    """A text as shown, and the cell at which each of its characters begins, and the end."""
    if raw.isascii() and raw.isprintable():
        return raw, range(len(raw) + 1)
    shown = [_cell(char) for char in raw]
    cells = [0]
    for piece in shown:
        cells.append(cells[-1] + _width(piece))
    return "".join(shown), cells


def _cut(
    text: str, marks: list[tuple[int, int]], more_before: bool, more_behind: bool
) -> tuple[str, list[tuple[int, int]]]:
    """A window of the line around the first mark."""
    start, end = marks[0]
    room = WIDTH - 2 * len(CUT)
    left = 0 if end <= room else max(0, start - max(20, room - (end - start)) // 2)
    kept, offset, whole = _window(text, left, room)
    used = _width(kept)
    head = CUT if offset or more_before else ""
    tail = CUT if offset + used < whole or more_behind else ""
    limit = len(head) + used
    moved = []
    for first, last in marks:
        low = min(max(first - offset, 0) + len(head), limit)
        moved.append((low, max(low + 1, min(last - offset + len(head), limit))))
    return head + kept + tail, moved


def _window(text: str, left: int, room: int) -> tuple[str, int, int]:
    """The part of a text that fills `room` cells from the cell `left`, the cell that it begins at,
    and the cells of the whole text."""
    if text.isascii():
        return text[left : left + room], left, len(text)
    kept = ""
    position = used = 0
    offset = None
    for char in text:
        width = _width(char)
        if position >= left:
            if used + width > room:
                break
            offset = position if offset is None else offset
            kept += char
            used += width
        position += width
    return kept, offset or 0, _width(text)


# Characters


def _shown(text: str) -> str:
    """Text that can't steer the terminal."""
    return "".join(map(_cell, text)) if not (text.isascii() and text.isprintable()) else text


def _cell(char: str) -> str:
    if char == "\t":
        return " " * TAB
    if char.isprintable() or char == "\u3000":
        return char
    if char < " ":
        return chr(0x2400 + ord(char))
    return "\N{REPLACEMENT CHARACTER}"


def _width(text: str) -> int:
    """How many cells a terminal gives to a text."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    wide = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return wide - sum(1 for char in text if category(char) in ("Mn", "Me"))
