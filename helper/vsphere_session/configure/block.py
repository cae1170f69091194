"""A block of lines between two marks in a text file; what is outside of them stays to the byte.

Whether the file ended with a line break before can be seen from whether the block does: it takes no line break that
was not there. A file that is made here has one; so a file that is left empty by the block's end is removed only then.
"""

from __future__ import annotations


class Block:
    """The block of one caller in a text; None where there is no file.

    lines    between the marks
    outside  the text without the block
    """

    def __init__(self, text: str | None, caller: str) -> None:
        self._begin = f"# begin: written by vsphere-session configure {caller}"
        self._end = f"# end: vsphere-session unconfigure {caller} removes it"
        self.text = text
        before, begin, rest = (text or "").partition(f"{self._begin}\n")
        inside, end, after = rest.partition(self._end)
        if not begin or not end:
            self.lines: list[str] = []
            self.outside = text
        else:
            self.lines = inside.splitlines()
            self.outside = _without(before, after)

    def with_lines(self, lines: list[str]) -> str | None:
        """The file with these lines in the block; without it where there are none. None is no file."""
        block = "\n".join([self._begin, *lines, self._end])
        if self.lines:
            old = "\n".join([self._begin, *self.lines, self._end])
            return (self.text or "").replace(old, block, 1) if lines else self.outside
        if not lines:
            return self.text
        if self.text is None or self.text.endswith("\n"):
            return f"{self.text or ''}{block}\n"
        return f"{self.text}\n{block}" if self.text else block


def _without(before: str, after: str) -> str | None:
    if not after:
        return before.removesuffix("\n")
    return before + after.removeprefix("\n") or None
