"""`archdsl summary` as text: a table of a variant's blocks, and its figures."""

from __future__ import annotations

from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archdsl.ir.design import Design, Row
    from archdsl.ops.op import Shape

HEADS = ("", "", "input", "output", "params", "macs")
RIGHT = (False, False, True, True, True, True)


class Line(Node):
    """A row of the table. `last` is the path of the last of several alike, `count` how many."""

    depth: int
    path: str
    last: str
    count: int
    op: str
    cells: tuple[str, ...]


def table(design: Design, smallest: tuple[int, ...] | None, *, layers: bool) -> str:
    """The table of blocks (of all layers with `layers`), then totals."""
    lines = list(_lines(design.tree(), 0, layers))
    if not layers:
        lines = list(_folded(lines))
    rows = [HEADS, *map(_cells, lines)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    text = [_title(design), ""]
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, RIGHT)
        ]
        text.append("  ".join(cells).rstrip())
    return "\n".join([*text, "", *_totals(design, smallest)])


def _title(design: Design) -> str:
    return design.model if design.variant is None else f"{design.variant} ({design.model})"


def _lines(row: Row, depth: int, layers: bool) -> Iterator[Line]:
    """What stands in a row, in order: parts and blocks; single ops where they stand alone."""
    for child in row.children:
        single = child.kind == "op"
        if single and depth and not layers:
            continue
        if not child.path and not single and not layers and child.kind not in PARTS:
            yield from _lines(child, depth, layers)
            continue
        yield Line(
            depth=depth,
            path=child.path or f"({child.kind})",
            last=child.path,
            count=1,
            op="" if child.path and child.op == child.kind else child.op,
            cells=(
                " ".join(map(_shape, child.inputs)),
                " ".join(map(_shape, child.outputs)),
                f"{child.params:,}",
                f"{child.macs:,}",
            ),
        )
        if layers or child.kind in PARTS:
            yield from _lines(child, depth + 1, layers)


PARTS = ("stem", "stage", "head")


def _folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Neighbours that differ in nothing but their path, as one line."""
    held: Line | None = None
    for line in lines:
        if held is None:
            held = line
        elif (line.depth, line.op, line.cells) == (held.depth, held.op, held.cells):
            held = Line(
                depth=held.depth,
                path=held.path,
                last=line.last,
                count=held.count + 1,
                op=held.op,
                cells=held.cells,
            )
        else:
            yield held
            held = line
    if held is not None:
        yield held


def _cells(line: Line) -> tuple[str, ...]:
    name = line.path if line.count == 1 else f"{line.path} .. {line.last}"
    op = line.op if line.count == 1 else f"{line.op} x{line.count}"
    return ("  " * line.depth + name, op, *line.cells)


def _totals(design: Design, smallest: tuple[int, ...] | None) -> Iterator[str]:
    totals = design.totals
    yield f"input            {_ports(design.inputs)}"
    if smallest is not None:
        yield f"smallest input   {_shape(smallest)}"
    yield f"output           {_ports(design.outputs)}"
    aux = f" ({totals.aux_params:,} in side heads)" if totals.aux_params else ""
    yield f"parameters       {design.params:,}{aux}"
    yield f"multiply-adds    {design.macs:,}"
    yield f"depth            {design.depth}"
    yield f"receptive field  {_shape(design.receptive_field)}"
    yield f"activations      {design.activations:,}"
    for note in design.notes:
        yield f"note: {note}"


def _ports(ports: Sequence[tuple[str | None, Shape]]) -> str:
    if len(ports) == 1:
        return _shape(ports[0][1])
    return ", ".join(f"{name} {_shape(shape)}" for name, shape in ports)


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
