"""The tree of exceptions on the page for Python, from the classes: `python3 tests/run.py docs` writes it."""

from __future__ import annotations

from inspect import getdoc

from support.pages import page_file
from vsphere_session import SessionError

_BEGIN, _END = "<!-- errors -->\n", "<!-- /errors -->\n"


def tree(error: type[SessionError] = SessionError, depth: int = 0) -> str:
    """A line for an exception, and for each of those that are one."""
    said = (getdoc(error) or "").partition("\n")[0]
    kind = f" (`{error.kind}`)" if depth else ""
    line = f"{'  ' * depth}- `{error.__name__}`{kind}: {said[:1].lower() + said[1:].removesuffix('.')}\n"
    return line + "".join(tree(each, depth + 1) for each in error.__subclasses__() if _is_public(each))


def _is_public(error: type[SessionError]) -> bool:
    return error.__module__ == SessionError.__module__


def shown(page: str) -> str:
    """What stands on a page."""
    return page.partition(_BEGIN)[2].partition(_END)[0]


def main() -> None:
    """Write it."""
    file = page_file("python")
    before, _, rest = file.read_text(encoding="utf-8").partition(_BEGIN)
    file.write_text(f"{before}{_BEGIN}{tree()}{_END}{rest.partition(_END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
