"""What is written for PowerShell is PowerShell, by a grammar of it: no package source has a shell to run it in."""

from __future__ import annotations

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from support.pages import snippet
from vsphere_session.commands.completion_scripts import SCRIPTS


def is_powershell(text: str) -> bool:
    """Whether the grammar reads all of it."""
    return not Parser(Language(tree_sitter_powershell.language())).parse(text.encode()).root_node.has_error


def test_the_script_of_completion_is_powershell() -> None:
    assert is_powershell(SCRIPTS["powershell"])


@pytest.mark.parametrize("character", "{}()'")
def test_a_script_that_lacks_one_character_is_not(character: str) -> None:
    """Or the test above says nothing."""
    assert not is_powershell(SCRIPTS["powershell"].replace(character, "", 1))


def test_the_line_for_the_profile_is_powershell() -> None:
    assert is_powershell(snippet("docs/completion", "powershell"))
