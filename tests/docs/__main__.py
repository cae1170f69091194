"""`python3 tests/run.py docs`: write what the pages show of the code; `docs site` builds them as a site instead."""

from __future__ import annotations

import sys

from docs import dialects_table, errors_tree, rooms_table, site, terminal_picture


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    if arguments == ["site"]:
        return site.build()
    for each in (dialects_table, rooms_table, errors_tree, terminal_picture):
        each.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
