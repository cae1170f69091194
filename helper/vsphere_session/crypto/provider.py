"""Who does the cryptography: a module that is built into the single file, or else the package `cryptography`.

The only file that imports `_vsphere_session_crypto`, which packaging/binary/crypto.c is.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.crypto.interface import Provider


def provider() -> Provider | None:
    """The one that is here; None if there is neither."""
    try:
        import _vsphere_session_crypto as found  # type: ignore[import-not-found]  # noqa: PLC0415
    except ImportError:
        try:
            from vsphere_session.crypto import of_cryptography as found  # noqa: PLC0415  # an extra
        except ImportError:
            return None
    return found  # type: ignore[no-any-return]
