"""Builds the pages as a site into build/site, and fails for a dead link, a dead anchor or a page that is in no menu.

MkDocs gets a copy of the pages as they lie in the tree, since it reads all that is below its directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.pages import ROOT

CONFIGURATION = Path("docs/site/mkdocs.yml")
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE")


def build(root: Path = ROOT) -> int:
    """Return the status of MkDocs, which has said what is wrong. `root` is where the pages are, and build/ comes to be."""
    pages = root / "build" / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(root / "docs", pages / "docs", ignore=shutil.ignore_patterns("site"))
    shutil.copy(root / "docs" / "site" / "site.css", pages)
    for name in BESIDE:
        shutil.copy(root / name, pages / name)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(root / CONFIGURATION)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # of its successors it would tell in every run
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:  # `--quiet` would count no warnings
        sys.stderr.write(done.stderr)
    return done.returncode
