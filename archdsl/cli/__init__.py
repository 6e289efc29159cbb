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
    for stream in (sys.stdout, sys.stderr):
        # No name of a file and no letter of a spec may end a report half-way.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        from archdsl.cli import commands

        options = parse(sys.argv[1:] if arguments is None else arguments)
        status = commands.usage(options)
        with commands.Net() as net:
            status = status or commands.VERBS[options.verb](options)
        sys.stdout.flush()
        return max(status, net.status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes again when it ends; there is no one left to read that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
