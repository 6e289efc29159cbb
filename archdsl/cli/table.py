"""`archdsl summary` as text: a table of a variant's blocks, and its figures."""

from __future__ import annotations

from itertools import groupby

from archdsl.node import Node, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archdsl.ir.design import Design, Row
    from archdsl.ops.op import Shape

HEADS = ("", "", "input", "output", "params", "macs")
PARTS = ("stem", "stage", "head")
RIGHT = (False, False, True, True, True, True)


class Line(Node):
    """A row of the table: `count` neighbours alike, the last of them at `last`. `shapes` are
    what goes in and what comes out of each, `params` and `macs` those of all."""

    depth: int
    path: str
    last: str
    count: int = 1
    op: str
    shapes: tuple[str, str]
    params: int
    macs: int


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
            op="" if child.op == child.kind else child.op,
            shapes=(" ".join(map(_shape, child.inputs)), " ".join(map(_shape, child.outputs))),
            params=child.params,
            macs=child.macs,
        )
        if layers or child.kind in PARTS:
            yield from _lines(child, depth + 1, layers)


def _folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Neighbours that differ in nothing but their path, as one line."""
    for _, alike in groupby(lines, _alike):
        first, *rest = alike
        yield replace(
            first,
            last=(rest or [first])[-1].path,
            count=1 + len(rest),
            params=first.params * (1 + len(rest)),
            macs=first.macs * (1 + len(rest)),
        )


def _alike(line: Line) -> tuple[object, ...]:
    return line.depth, line.op, line.shapes, line.params, line.macs


def _cells(line: Line) -> tuple[str, ...]:
    path = line.path if line.count == 1 else f"{line.path} .. {line.last}"
    op = line.op if line.count == 1 else f"{line.op} x{line.count}"
    return ("  " * line.depth + path, op, *line.shapes, f"{line.params:,}", f"{line.macs:,}")


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
