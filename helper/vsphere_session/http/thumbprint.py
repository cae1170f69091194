"""Thumbprints as people write them, and govc's file of known hosts. On the fast path."""

from __future__ import annotations

import os

from credential_protocol.jsontext import in_utf8
from vsphere_session.errors import InvalidRequestError, StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.storage.reading import Reader

MAX_KNOWN_HOSTS_BYTES = 1024 * 1024


def normal_thumbprint(text: str) -> str:
    """A thumbprint in any spelling as `AA:BB:…`. Raises InvalidRequestError if it is neither SHA-256 nor SHA-1."""
    digits = text.removeprefix("SHA256:").removeprefix("sha256:").replace(":", "").replace(" ", "").upper()
    if len(digits) not in (64, 40) or any(c not in "0123456789ABCDEF" for c in digits):
        raise InvalidRequestError(
            "the thumbprint is neither SHA-256 (64 hexadecimal digits) nor SHA-1 (40); write AA:BB:…"
        )
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def known_host_thumbprint(files: str, host: str, port: int, seconds: float, reader: Reader) -> str:
    """The thumbprint that GOVC_TLS_KNOWN_HOSTS files have for this server; empty if none. Missing files are none.

    A line is `HOST[:PORT] AA:BB:…`, port 443 where none is written; the last line for a server counts, as in govmomi.
    """
    found = ""
    names = {f"{host}:{port}", f"[{host}]:{port}"} | ({host, f"[{host}]"} if port == 443 else set())
    for path in files.split(os.pathsep):
        try:
            text = in_utf8(reader.named(path, MAX_KNOWN_HOSTS_BYTES, f"the known hosts {path}", seconds))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(
                f"cannot read the known hosts {path}: {os.strerror(error.errno or 0)}; check the path"
            ) from None
        except UnicodeDecodeError:
            raise InvalidRequestError(
                f"the known hosts {path} begin as UTF-16, and are not; save them as UTF-8"
            ) from None
        for line in text.decode("utf-8", "replace").splitlines():
            name, _, thumbprint = line.strip().partition(" ")
            if name in names and thumbprint:
                found = thumbprint
    return found
