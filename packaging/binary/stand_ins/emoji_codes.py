"""In place of `rich._emoji_codes`: the names of emojis, which no text of ours has; the table is a fifth of the library."""

from __future__ import annotations

EMOJI: dict[str, str] = {}
