"""Runs training scripts, each in a process of its own that is forked off one which has imported all
that takes long. It takes an order a line, as JSON, and answers each with a line.

An order has the `script`, its `arguments`, where output is to go (`log`), and maybe how the process
ends early: by `signal` (SIGKILL unless told) `after` some seconds, to it and all of its group, or at a
`call` of what writes checkpoints, counted from 1. The answer is the exit status, negative for a signal.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from typing import Any


def child(order: dict[str, Any]) -> None:
    """The process of a run; does not return."""
    handle = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if "call" in order:
        die_at(order["call"])
    script = order["script"]
    sys.argv = [script, *order["arguments"]]
    sys.path.insert(0, os.path.dirname(script))
    status: Any = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        status = end.code or 0
        if isinstance(status, str):
            print(status, file=sys.stderr)
            status = 1
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def die_at(count: int) -> None:
    """Have the process killed at the given call of what makes files last, before or after it."""
    calls = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == count and count % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args)
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapper

    for name in ("fsync", "replace"):
        setattr(os, name, counted(getattr(os, name)))


def ended(pid: int, order: dict[str, Any]) -> int:
    """Wait for a process, which is ended if it takes longer than it may."""
    limit = time.monotonic() + order.get("after", 1e9)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > limit:
            os.killpg(pid, order.get("signal", signal.SIGKILL))
            limit = float("inf")
        time.sleep(0.002)


def main() -> None:
    import numpy  # noqa: F401
    import torch
    import torch.distributed.checkpoint.state_dict
    import torch.distributed.fsdp
    import torchvision.transforms.v2  # noqa: F401

    torch.set_num_threads(1)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(order)
        os.setpgid(pid, pid)
        print(ended(pid, order), flush=True)


if __name__ == "__main__":
    main()
