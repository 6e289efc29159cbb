"""What the command line takes, and its help."""

from __future__ import annotations

import argparse
import os

from archdsl import __version__
from archdsl.limits import LIMITS, set_limit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

EPILOG = """\
A SPEC is a .arch file, or a folder: then each *.arch file in it (not in its sub-folders).
Exit status: 0 all is right, 1 a spec is wrong or --check found a difference, 2 wrong usage.
Reports are coloured on a terminal; NO_COLOR turns that off.
"""
LINE = 96


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, within reason.

    argparse asks `shutil`, whose import takes longer than all the rest of this module.
    """

    def __init__(self, prog: str, **more: Any) -> None:
        try:
            columns = os.get_terminal_size().columns
        except OSError:
            columns = LINE
        super().__init__(prog, **{"width": min(columns, LINE), **more})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; a wrong command line ends the program with status 2."""
    top = argparse.ArgumentParser(
        prog="archdsl",
        description="Compiles specs of convolutional networks to PyTorch.",
        epilog=EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"archdsl {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, prog="archdsl")
    for name, (help, add_arguments) in VERBS.items():
        verb = verbs.add_parser(
            name,
            help=help,
            description=_unindented(add_arguments.__doc__ or ""),
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        if name in arguments:
            add_arguments(verb)
    return top.parse_args(arguments)


def size(text: str) -> tuple[int, ...]:
    """`3x192x192` as a tuple."""
    parts = text.split("x")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 1 << 31 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form CxHxW, such as 3x192x192")
    return tuple(map(int, parts))


class Inputs(argparse.Action):
    """`3x192x192`, or `left=3x64x64` as often as there are inputs to name."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        named, before = isinstance(values, dict), getattr(namespace, self.dest)
        if before is not None and not (named and isinstance(before, dict)):
            parser.error("--input stands once, or once for each name: --input a=1x8x8 --input b=9")
        setattr(namespace, self.dest, {**(before or {}), **values} if named else values)


def shape(text: str) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """An input's size, or that of one by name."""
    name, equals, sizes = text.rpartition("=")
    return {name: size(sizes)} if equals else size(text)


def limit(text: str) -> tuple[str, int]:
    """`nodes=2_000_000`, set for this process."""
    name, _, number = text.partition("=")
    try:
        set_limit(name, int(number))
    except ValueError as error:
        known = ", ".join(f"{name}={value}" for name, value in LIMITS.items())
        message = f"{text!r} is not NAME=N; the limits are {known}"
        raise argparse.ArgumentTypeError(message) from error
    return name, int(number)


# The verbs. The docstring of each function is the verb's help.


def _compile(verb: argparse.ArgumentParser) -> None:
    """Writes DIR/NAME.py for each NAME.arch, at once, and only where it differs from what is
    there. A file that archdsl did not write is never overwritten. Where a spec has errors,
    nothing is written for it."""
    _specs(verb)
    verb.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        default="generated",
        help="the folder to write to, made if need be (default: %(default)s)",
    )
    _only_check(verb)
    _root(verb)


def _check(verb: argparse.ArgumentParser) -> None:
    """Checks every variant of each spec: names, arguments, a shape on every value, and the
    figures that the spec expects."""
    _specs(verb)
    _input(verb)
    verb.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif"),
        default="text",
        help="how to show what is found: for people, as JSON, as annotations of a workflow on "
        "GitHub, as SARIF 2.1.0 (default: %(default)s)",
    )
    verb.add_argument(
        "--json", dest="format", action="store_const", const="json", help="--format=json"
    )
    verb.add_argument(
        "--fix",
        action="store_true",
        help="mend what can be mended with certainty",
    )
    _root(verb)


def _summary(verb: argparse.ArgumentParser) -> None:
    """Shows the shape that leaves each block, parameters, multiply-adds, depth, receptive
    field and activations of each variant."""
    verb.add_argument("spec", metavar="SPEC", help="a .arch file, or a folder of them")
    verb.add_argument("--variant", metavar="V", help="this variant alone")
    _input(verb)
    verb.add_argument("--layers", action="store_true", help="a line for every layer, too")
    verb.add_argument("--json", action="store_true", help="print a list, an object a variant")
    _root(verb)


def _fmt(verb: argparse.ArgumentParser) -> None:
    """Rewrites each spec in canonical form, in place; comments stay. A spec with syntax
    errors is left alone."""
    _specs(verb)
    _only_check(verb)


def _dump(verb: argparse.ArgumentParser) -> None:
    """Shows the syntax tree, the resolved program, the designs (variants with shapes), or the
    text of the module."""
    verb.add_argument("--stage", required=True, choices=("ast", "program", "design", "module"))
    verb.add_argument("spec", metavar="SPEC", help="a .arch file")
    _root(verb)


def _weights(verb: argparse.ArgumentParser) -> None:
    """Checks that every key and shape of a checkpoint is one of a variant's, and says what is
    missing, unexpected or of another shape. Keys are taken as they are, or renamed as the spec
    says under `weights`, whichever fits. No code in the file is run. Needs torch and
    safetensors."""
    verb.add_argument("spec", metavar="SPEC", help="a .arch file")
    verb.add_argument("checkpoint", metavar="FILE", help="a .safetensors, or one of torch.save")
    verb.add_argument("--variant", metavar="V", help="the variant (default: the one that fits)")
    verb.add_argument(
        "--from", metavar="SOURCE", dest="source", help="rename as the spec says for SOURCE"
    )
    verb.add_argument(
        "-o", "--output", metavar="OUT", help="write a .safetensors file with the variant's keys"
    )
    _root(verb)


def _explain(verb: argparse.ArgumentParser) -> None:
    """Shows what a diagnostic means: its page of the catalogue, with a spec that raises it, and
    the same mended. Without a code, lists all codes."""
    verb.add_argument("code", metavar="CODE", nargs="?", help="the code of a diagnostic: E204")


VERBS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "compile": ("write the PyTorch module of each spec", _compile),
    "check": ("check names, shapes and claims", _check),
    "summary": ("show shapes and figures of each variant", _summary),
    "weights": ("fit a checkpoint to a variant", _weights),
    "explain": ("say what a diagnostic means", _explain),
    "fmt": ("rewrite specs in canonical form", _fmt),
    "dump": ("show what a phase of the compiler makes of a spec", _dump),
}


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n"))


def _specs(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("specs", metavar="SPEC", nargs="+", help="a .arch file, or a folder of them")


def _only_check(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--check", action="store_true", help="write nothing; show what would change, and exit 1"
    )


def _input(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--input",
        metavar="[NAME=]CxHxW",
        type=shape,
        action=Inputs,
        help="another input than the models declare; by name where there are several",
    )


def _root(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--root", metavar="DIR", help="imports stay inside it (default: the spec's own folder)"
    )
    verb.add_argument(
        "--limit",
        metavar="NAME=N",
        type=limit,
        action="append",
        help=f"allow more, or less, of {', '.join(LIMITS)}",
    )
