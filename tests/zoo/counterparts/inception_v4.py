"""Inception-v4. The one that the paper draws is nowhere but here."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (Counterpart("inception_v4", "inception_v4", "timm", "inception_v4", (3, 80, 80)),)
