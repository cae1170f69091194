"""In place of `rich._unicode_data._versions`: which tables of the widths of characters there are. The newest is enough."""

from __future__ import annotations

VERSIONS = ("17.0.0",)
