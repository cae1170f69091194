"""The formula with which Homebrew installs the archives, on Linux."""

from __future__ import annotations

from collections.abc import Mapping

from packages.architectures import ARCHITECTURES
from packages.description import LICENCE, SUMMARY
from packages.inputs import Inputs
from packages.usage import NAMES, PROGRAM

FORMULA = """\
class VsphereSession < Formula
  desc "{summary}"
  homepage "{homepage}"
  version "{version}"
  license "{licence}"

  depends_on :linux

{sources}
  def install
    bin.install "bin/{program}"
{links}
    man1.install Dir["share/man/man1/*"]
    bash_completion.install "share/bash-completion/completions/{program}"
    zsh_completion.install "share/zsh/site-functions/_{program}"
    fish_completion.install "share/fish/vendor_completions.d/{program}.fish"
    prefix.install Dir["share/doc/{program}/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/{program} --version")
  end
end
"""
SOURCE = """\
  on_{kind} do
    url "{url}"
    sha256 "{digest}"
  end
"""
KINDS = {"x86_64": "intel", "aarch64": "arm"}
"""Homebrew's names of the architectures."""


def formula(inputs: Inputs, archives: Mapping[str, tuple[str, str]]) -> str:
    """The formula; `archives` has the file's name and its SHA-256 for each architecture."""
    sources = [
        SOURCE.format(kind=KINDS[name], url=f"{inputs.downloads}/{archives[name][0]}", digest=archives[name][1])
        for name in ARCHITECTURES
        if name in archives
    ]
    return FORMULA.format(
        summary=SUMMARY,
        homepage=inputs.downloads.partition("/releases/")[0],
        version=inputs.version,
        licence=LICENCE,
        sources="\n".join(sources),
        program=PROGRAM,
        links="\n".join(f'    bin.install_symlink "{PROGRAM}" => "{name}"' for name in NAMES),
    )
