"""NOTICE: what is in the single file, and under which licence; ``python packaging/binary/notice.py`` writes it.

It names no versions: those are in the file's bill of materials.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from binary.components import Component, components, texts  # noqa: E402  # when it can be found
from common import ROOT, BuildError  # noqa: E402  # likewise

NOTICE = ROOT / "NOTICE"
_HEAD = """\
vsphere-session
Licence: Apache-2.0, see LICENSE

The single file vsphere-session, and so the packages and the image that hold it, contain the software below. Versions are
in the bill of materials that comes with each file, vsphere-session.cdx.json. The wheel contains none of it.

"""
_LINE = "=" * 100


def text() -> str:
    """What NOTICE has to say. Raise BuildError where a component is not here."""
    parts = components()
    names = "".join(f"  {part.name:<18}{part.licence}\n" for part in parts)
    return _HEAD + names + "".join(map(_section, parts))


def _section(part: Component) -> str:
    what = "" if part.linked else " (the compiler, and what it adds to each program)"
    notices = "\n\n".join("\n".join(map(str.rstrip, each.strip("\n").splitlines())) for each in texts(part))
    return f"\n{_LINE}\n{part.name}{what}: {part.licence}\n{_LINE}\n\n{notices}\n"


if __name__ == "__main__":
    try:
        NOTICE.write_text(text(), encoding="utf-8")
    except BuildError as error:
        sys.exit(f"notice.py: {error}")
