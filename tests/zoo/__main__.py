"""Writes docs/zoo.md: `python tests/zoo [SPEC ...]`.

Measures every variant against its counterparts: some minutes. With names of specs, only those;
what the page notes of others is kept.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import counterpart  # noqa: E402
import zoo_page  # noqa: E402


def main(specs: list[str]) -> None:
    noted: zoo_page.Noted = {}
    if os.path.exists(zoo_page.FILE):
        with open(zoo_page.FILE, encoding="utf-8") as file:
            noted = zoo_page.read(file.read())
    try:
        for of in counterpart.counterparts():
            key = zoo_page.key(of)
            if not specs or of.spec in specs or key not in noted:
                noted[key] = counterpart.compare(of)
                print(*key, *noted[key], flush=True)
    finally:
        with open(zoo_page.FILE, "w", encoding="utf-8") as file:
            file.write(zoo_page.page(noted))


main(sys.argv[1:])
