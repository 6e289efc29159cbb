"""A run that is killed again and again, and the same undisturbed: the difference has to be none.

`python tests/train/kills.py 1000` kills a thousand times, at moments by chance and inside writes of
checkpoints, and starts the run anew each time it has come to its end.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import training

SETTINGS = ("--epochs", 3, "--batch", 8, "--save-every", 2, "--log-every", 3)


def survived(folder: Path, kills: int, seed: int = 0) -> tuple[int, list[str]]:
    """How many checkpoint writes were hit, and everything that differs at the end of a run that was
    killed from the one that wasn't."""
    script = training.compiled(training.HERE / "specs" / "rich.arch", folder)
    pictures = training.colours(folder / "pictures")
    forks = training.Forks(folder)
    chance = random.Random(seed)
    given = (*SETTINGS, "--data", pictures)
    whole, broken = folder / "whole", folder / "broken"
    expected = forks.done(script, *given, "--out", whole, "--workers", 0)
    forks.done(script, *given, "--out", folder / "again", "--workers", 0)
    took = expected["seconds"] + 0.5
    found, inside, done = [], 0, 0
    while done < kills or broken.exists():
        end: dict[str, object] = {}
        if done < kills and chance.random() < 0.5:
            end = {"call": chance.randrange(1, 40)}
        elif done < kills:
            end = {"after": chance.uniform(0, took)}
        workers = ("--workers", chance.choice((0, 0, 0, 1, 2)))
        status = forks.run(script, *given, "--out", broken, *workers, **end)
        if status == 0:
            found += compared(whole, broken)
            shutil.rmtree(broken)
        elif status == -9:
            done += 1
            inside += "call" in end
        else:
            found.append(forks.said())
            break
    forks.close()
    return inside, found


def compared(whole: Path, broken: Path) -> list[str]:
    """What differs between two runs: their last checkpoint, the best and the log."""
    found = training.differences(training.last(whole), training.last(broken))
    if training.curve(whole) != training.curve(broken):
        found.append("log")
    best = training.state(training.last(whole))["state/best/best_checkpoint"]
    return [*found, *(f"best {each}" for each in training.differences(whole / best, broken / best))]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        inside, found = survived(Path(name), int(sys.argv[1]), seed=random.randrange(1 << 30))
    print(f"{sys.argv[1]} kills, {inside} inside a write; differences: {found or 'none'}")
    sys.exit(bool(found))
