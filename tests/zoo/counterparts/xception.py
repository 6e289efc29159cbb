"""Xception: timm's has the paper's dropout where it is asked for."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (
    Counterpart("xception", "legacy_xception", "timm", "legacy_xception", (3, 64, 64)),
    Counterpart("xception", "xception", "timm", "legacy_xception", (3, 64, 64), {"drop_rate": 0.5}),
)
