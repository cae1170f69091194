"""Where a password is kept: the platform's keyring, a file, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import BusyError, StorageError, UnsupportedError
from vsphere_session.secrets.keyring_store import KeyringStore

if TYPE_CHECKING:
    from vsphere_session.commands.prompts import Prompts
    from vsphere_session.service.call import Call

NOWHERE = "nowhere"
_KEYRING = ("keyring", "the platform's keyring")
_FILE = ("file", "a file that only you can read (mode 0600), in clear")
_NO = (NOWHERE, "it is asked for again when the session has ended")
WORDS = {"keyring": "the password is in the platform's keyring", "file": "the password is in a file of mode 0600"}
_OPTIONS = "--secret-store keyring, --secret-store file or --no-store"
_A_MOMENT = 5.0


def chosen(said: str, call: Call, prompts: Prompts) -> str:
    """`keyring`, `file` or `nowhere`; `said` is what option or configuration say, or empty.

    Raises UnsupportedError where there is nobody to ask and no keyring.
    """
    if said:
        return said
    usable = _keyring_answers(call)
    if prompts.somebody:
        choices = [_KEYRING, _FILE, _NO] if usable else [_FILE, _NO]
        return prompts.choose("Where is the password to be kept?", choices, _OPTIONS)
    if usable:
        return "keyring"
    raise UnsupportedError(f"there is no keyring on this host to keep the password in; say where by {_OPTIONS}")


def _keyring_answers(call: Call) -> bool:
    """Whether it can be asked at all; one that is locked can be unlocked."""
    from vsphere_session.clock import Deadline  # noqa: PLC0415  # beside its use

    try:
        KeyringStore(Deadline(_A_MOMENT, call.around.clock)).get("", "")
    except (UnsupportedError, BusyError):
        return False
    except StorageError as error:
        return "locked" in error.message
    return True
