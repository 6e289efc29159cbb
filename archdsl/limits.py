"""What a spec may ask of the compiler, so that no text takes its time or memory.

Each limit is far above what networks need. `set_limit` changes one for the process, as `--limit
NAME=N` does; those that Python's own stack sets can't be changed.
"""

from __future__ import annotations

# What can be set, by name.
LIMITS = {
    "bytes": 1 << 18,  # of a file; the largest spec of the zoo has some 10,000
    "digits": 1_000,  # of a computed number
    "items": 100_000,  # of a computed list, with those of the lists in it
    "characters": 10_000,  # of a computed string
    "steps": 1_500_000,  # of computing what a spec says, over all its variants
    "nodes": 500_000,  # of a variant's network
    "output": 300_000,  # characters of a module; the longest of the zoo has some 16,000
}

FINDINGS = 200  # that are reported of a spec

# What nests goes through as many calls of this program's own, times a dozen.
DEPTH = 100  # brackets and operators in each other, in one statement
CALLS = 100  # functions of the spec in each other
BLOCKS = 64  # blocks in each other


def set_limit(name: str, value: int) -> None:
    """Change a limit. ValueError where there is none of that name, or the value is not above 0."""
    if name not in LIMITS:
        raise ValueError(f"there is no limit {name!r}; there are {', '.join(LIMITS)}")
    if value < 1:
        raise ValueError(f"a limit is at least 1, not {value}")
    LIMITS[name] = value


def more(name: str) -> str:
    """How to allow more, for those who know what they do."""
    return f"`--limit {name}=N` allows more"
