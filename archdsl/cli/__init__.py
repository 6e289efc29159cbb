"""The command line: the only place that prints or exits.

Exit status 0: all is right. 1: a spec is wrong, or `--check` found a difference. 2: wrong usage.
"""

from __future__ import annotations

import gc
import os
import sys

from archdsl.cli.arguments import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What a shell reports of a process that the signal ended.
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default the process's own; the exit status."""
    if arguments is None:
        # The process ends soon, and nearly all that it makes lives till then.
        gc.disable()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # No name of a file and no letter of a spec may end a report half-way.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    from archdsl.cli import commands

    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        status = commands.usage(options)
        with commands.Net() as net:
            status = status or commands.VERBS[options.verb](options)
        with net:
            sys.stdout.flush()
        return max(status, net.status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        commands.hush()
        return PIPE_CLOSED
