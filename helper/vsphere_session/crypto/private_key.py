"""A private key to log in with: read from a PEM file, held, and told apart from everything else that such a file may be."""

from __future__ import annotations

from vsphere_session.crypto.provider import provider
from vsphere_session.errors import InvalidRequestError, UnsupportedError

_TEXTS = {
    "no passphrase": "the private key is encrypted, and there is no passphrase for it",
    "wrong passphrase": "the private key does not open: the passphrase is wrong, or the file is damaged",
    "unsupported": "the private key is encrypted in a way that cannot be read; make it anew: openssl pkcs8 -topk8 -v2 aes256",
    "not rsa": "the private key is not an RSA key; vSphere takes no others from clients",
    "weak": "the private key is an RSA key of fewer than 1024 bits; have a new one made",
    "damaged": "the private key cannot be read: the file is damaged",
}
_OF_OPENSSH = "the private key is in OpenSSH's format; convert a copy of it: ssh-keygen -p -m PEM -f FILE"
_A_CERTIFICATE = "there is a certificate where the private key should be"
_NO_KEY = "there is no private key in PEM form: no line that begins with -----BEGIN and ends with PRIVATE KEY-----"


class UnusableKeyError(InvalidRequestError):
    """What is configured as a private key or its certificate cannot be used; the text says why and quotes none of it."""


class NoPassphraseError(UnusableKeyError):
    """The key is encrypted, and nobody has said how to open it."""


class WrongPassphraseError(UnusableKeyError):
    """The key is encrypted under another passphrase."""


class PrivateKey:
    """An RSA key from a PEM file, which may hold certificates as well. Neither `repr` nor any error shows any of it.

    An empty passphrase is none. Raises UnusableKeyError, and UnsupportedError where nothing here can read keys.
    """

    def __init__(self, pem: bytes, passphrase: bytes | None = None) -> None:
        found = provider()
        if found is None:
            raise UnsupportedError(
                "logging in by a certificate needs cryptography; pip install 'vsphere-session-helper[encrypted]'"
            )
        self._provider = found
        try:
            self._key = found.load_private_key(pem, passphrase or None)
        except ValueError as error:
            raise _unusable(str(error), pem) from None

    def sign(self, data: bytes) -> bytes:
        """The signature of `data` by RSASSA-PKCS1-v1_5 with SHA-256."""
        return self._provider.sign(self._key, data)

    def belongs_to(self, certificate: bytes) -> bool:
        """Whether the first certificate of a PEM is this key's. Raises UnusableKeyError if there is none."""
        try:
            return self._provider.belongs_to(self._key, certificate)
        except ValueError:
            raise UnusableKeyError("the certificate cannot be read: it is damaged, or not in PEM form") from None


def _unusable(reason: str, pem: bytes) -> UnusableKeyError:
    if reason == "no passphrase":
        return NoPassphraseError(_TEXTS[reason])
    if reason == "wrong passphrase":
        return WrongPassphraseError(_TEXTS[reason])
    if reason == "damaged" and b"PRIVATE KEY-----" not in pem:
        return UnusableKeyError(_A_CERTIFICATE if b"CERTIFICATE-----" in pem else _NO_KEY)
    return UnusableKeyError(_OF_OPENSSH if b"-----BEGIN OPENSSH PRIVATE KEY-----" in pem else _TEXTS[reason])
