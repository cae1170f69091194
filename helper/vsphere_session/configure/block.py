"""A block of lines between two marks in a text file; what is outside of them stays to the byte.

Whether the file ended with a line break before can be seen from whether the block does: it takes no line break that
was not there. A file that is made here has one; so a file that is left empty by the block's end is removed only then.
"""

from __future__ import annotations


class Block:
    """The block of one caller in a text; None where there is no file.

    there    whether there is one
    lines    between the marks
    outside  the text without the block
    """

    def __init__(self, text: str | None, caller: str) -> None:
        self._begin = f"# begin: written by vsphere-session configure {caller}"
        self._end = f"# end: vsphere-session unconfigure {caller} removes it"
        self.text = text
        self._before, begin, rest = (text or "").partition(f"{self._begin}\n")
        inside, end, self._after = rest.partition(self._end)
        self.there = bool(begin and end)
        self.lines = inside.splitlines() if self.there else []
        self.outside = _without(self._before, self._after) if self.there else text

    def with_lines(self, lines: list[str]) -> str | None:
        """The file with these lines in the block; without it where there are none. None is no file."""
        block = "\n".join([self._begin, *lines, self._end])
        if not lines:
            return self.outside
        if self.there:
            return f"{self._before}{block}{self._after}"
        if self.text is None or self.text.endswith("\n"):
            return f"{self.text or ''}{block}\n"
        return f"{self.text}\n{block}" if self.text else block


def _without(before: str, after: str) -> str | None:
    if not after:
        return before.removesuffix("\n")
    return before + after.removeprefix("\n") or None
