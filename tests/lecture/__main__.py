"""`python tests/lecture`: write docs/lecture.md.

What was measured is kept, unless `--measure` asks for it anew.
"""

from __future__ import annotations

import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from page import MEASURED, PAGE, current, page, split


def main() -> None:
    computed = page()
    _, measured = split(current())
    if "--measure" in sys.argv[1:] or not measured:
        from measured import measured as measure

        measured = measure()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(f"{computed}\n{MEASURED}{measured}")
    print(f"{PAGE}: written")


if __name__ == "__main__":
    main()
