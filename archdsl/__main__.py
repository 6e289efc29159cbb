"""`python -m archdsl`."""

from __future__ import annotations

import sys

from archdsl.cli import main

if __name__ == "__main__":
    sys.exit(main())
