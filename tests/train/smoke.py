"""`--smoke` of training scripts: from nothing to the end.

`python tests/train/smoke.py [SPEC...]` runs it for the scripts of these specs, or of all.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import training

SPECS = training.HERE.parent.parent / "specs"


def smoked(forks: training.Forks, spec: str, folder: Path) -> dict[str, object]:
    """What the smoke of a shipped spec's first variant sums up; empty if it has no recipe."""
    script = training.script(SPECS / f"{spec}.arch", folder)
    return {} if script is None else forks.done(script, "--smoke", "--workers", 0)


def main(wanted: list[str]) -> int:
    bad = []
    with tempfile.TemporaryDirectory() as name:
        forks = training.Forks(Path(name))
        for spec in wanted or sorted(path.stem for path in SPECS.glob("*.arch")):
            try:
                summary = smoked(forks, spec, Path(name))
            except AssertionError as error:
                bad.append(spec)
                summary = {"failed": str(error)[-2000:]}
            print(spec, summary, flush=True)
        forks.close()
    print(f"failed: {', '.join(bad) or 'none'}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
