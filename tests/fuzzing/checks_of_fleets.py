"""What holds for every document that an engine has, and for every session in one: whole, the same again, and from who has the key."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error

from fuzzing.samples import SEALED
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.account import Account
from vsphere_session.fleet.document import Document
from vsphere_session.fleet.keys import MAX_SESSION_BYTES, Keys, NotOpenedError

KEYS = Keys.of_text("# of tests\na:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
_NOW = 1_800_000_000.0


def check_document(_data: bytes, document: Document) -> None:
    """Written, it is the same, and from then on the bytes stay; whatever it says, a runner can go on with it."""
    written = documents.written(document)
    again = documents.read(written)
    assert documents.written(again) == written
    assert (again.fence, again.lease, again.entries, again.aside) == (
        document.fence,
        document.lease,
        document.entries,
        document.aside,
    )
    assert 0 <= documents.lease_left(document, _NOW) <= documents.MAX_LEASE_SECONDS
    assert set(documents.due(document, _NOW)) <= set(document.aside)
    taken = documents.take(document, _NOW, owner="a", token="0" * 32, purpose="login")
    assert (taken is None) == (documents.lease_left(document, _NOW) > 0)
    if taken is not None:
        assert taken[1].fence > document.fence
        assert documents.is_held(*taken)


def check_account(_data: bytes, account: Account) -> None:
    """Written, it is the same; a password that it says nothing of may be tried."""
    written = accounts.written(account)
    assert accounts.read(written) == account
    assert accounts.written(accounts.read(written)) == written
    assert accounts.refused(account, _NOW, ["f" * 64], 300.0) is None or "f" * 64 in account.marks
    for mark in account.marks:
        found = accounts.refused(account, _NOW, [mark], 300.0)
        assert found is None or _NOW < found[0] <= _NOW + 3600


def open_sealed(data: bytes) -> bytes:
    """A session in base64, as a document has it."""
    try:
        sealed = b64decode(data, validate=True)
    except Error:
        raise NotOpenedError("not base64") from None
    KEYS.id_of(sealed)
    return KEYS.open(sealed, name="vs:{a}", kind="soap", key_text="https://me@vc.example.com/sdk", fence=7)


def check_opened(data: bytes, opened: bytes) -> None:
    """Only what was sealed with the key: nothing that was made by changing that."""
    assert len(opened) <= MAX_SESSION_BYTES
    assert b64decode(data) == b64decode(SEALED.samples[0])
