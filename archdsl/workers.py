"""Work side by side in forked processes, with the results of one piece after the other."""

from __future__ import annotations

import os

from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess
    from typing import Any, NoReturn, TypeVar

    Item = TypeVar("Item")
    Result = TypeVar("Result")

MOST = 8  # workers
EACH = 2  # items for each, or it isn't worth its start


class Lost(Node):
    """In the place of a result: its worker was ended, with this exit status; where that is below
    0, by a signal."""

    status: int | None


def in_order(
    work: Callable[[Item], Result], items: Sequence[Item]
) -> Generator[Result | Lost, None, None]:
    """What `work`, which raises nothing, makes of each item, in the order of the items.

    The first is done here, so that all workers have what was imported for it. They don't hear of
    interrupts: whoever asks for the results closes this iterator, which ends them.
    """
    yield from map(work, items[:1])
    rest = items[1:]
    count = min(_processors(), MOST, len(rest) // EACH)
    yield from _forked(work, rest, count) if count > 1 else map(work, rest)


def _processors() -> int:
    """How many processes can run beside each other; 1 where a fork is not safe."""
    try:
        threads = len(os.listdir("/proc/self/task"))
    except OSError:
        return 1  # a system that is not Linux
    return len(os.sched_getaffinity(0)) if threads == 1 else 1


def _forked(
    work: Callable[[Item], Result], items: Sequence[Item], count: int
) -> Iterator[Result | Lost]:
    from multiprocessing.connection import wait

    workers: dict[Any, ForkProcess] = {}  # each at its pipe
    todo = iter(range(len(items)))
    begun: dict[Any, int] = {}
    done: dict[int, Result | Lost] = {}
    try:
        _start(workers, count, work, items)
        for pipe in workers:
            _hand_out(pipe, todo, begun)
        for number in range(len(items)):
            while begun and number not in done:
                ready: list[Any] = wait(list(begun))
                for pipe in ready:
                    finished = begun.pop(pipe)
                    try:
                        done[finished] = pipe.recv()
                    except (EOFError, OSError):
                        workers[pipe].join()
                        done[finished] = Lost(status=workers[pipe].exitcode)
                    else:
                        _hand_out(pipe, todo, begun)
            # Where no worker is left, it falls to us.
            yield done.pop(number) if number in done else work(items[next(todo)])
    finally:
        for pipe, process in workers.items():
            process.terminate()
            pipe.close()
        for process in workers.values():
            process.join()


def _hand_out(pipe: Any, todo: Iterator[int], begun: dict[Any, int]) -> None:
    """Give a worker the next item, if there is one."""
    for number in todo:
        begun[pipe] = number
        try:
            pipe.send(number)
        except OSError:
            pass  # it was ended, which shows when its result is read
        return


def _start(
    workers: dict[Any, ForkProcess],
    count: int,
    work: Callable[[Item], Result],
    items: Sequence[Item],
) -> None:
    """Add so many workers, or as many as the system lets us have."""
    from multiprocessing import get_context
    from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask

    fork = get_context("fork")
    heard = pthread_sigmask(SIG_BLOCK, {SIGINT})  # which a fork passes on
    try:
        for _ in range(count):
            here, there = fork.Pipe()
            process = fork.Process(target=_serve, args=(work, items, here, there), daemon=True)
            process.start()
            there.close()
            workers[here] = process
    except OSError:
        pass
    finally:
        pthread_sigmask(SIG_SETMASK, heard)


def _serve(
    work: Callable[[Item], Result], items: Sequence[Item], theirs: Connection, pipe: Connection
) -> None:
    """A worker: does the items whose numbers it is given, until it is ended."""
    from signal import SIGTERM, signal

    signal(SIGTERM, _end)
    theirs.close()
    try:
        while True:
            pipe.send(work(items[pipe.recv()]))
    except (EOFError, ConnectionError):
        pass  # no one is left who wants to know


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)
