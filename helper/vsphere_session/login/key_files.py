"""The certificate and key of a login, out of the files that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.login.pem import key_pair, refuse_expired
from vsphere_session.login.secret import passphrase_of_key

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.security import KeyHolder


def key_holder(ground: Ground, values: Values) -> KeyHolder:
    """What messages are signed with: `certificate`, and `private_key` where that is another file.

    Raises InvalidRequestError where they do not fit or are no good, StorageError, and what `key_passphrase_command` does.
    """
    private_key = values.data("private_key") if values.path("private_key") else b""
    pair = key_pair(
        values.data("certificate"),
        private_key,
        lambda: passphrase_of_key(ground, values).encode("utf-8", "surrogateescape"),
    )
    refuse_expired(pair, ground.clock.now())
    return pair.holder
