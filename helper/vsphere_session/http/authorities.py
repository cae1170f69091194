"""The certificate authorities that the platform trusts. On the fast path."""

from __future__ import annotations

import os
import sys

from vsphere_session.http.tls import (
    PROTOCOL_TLS_CLIENT,
    get_default_verify_paths,
    with_partial_chains,
    without_old_versions,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.http.tls import AnyContext

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/cert.pem",  # older ones of these
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, BSD
)
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def trust_the_platform(context: AnyContext) -> AnyContext:
    """`context`, or one of its kind, which verifies by what the platform trusts.

    On Linux that is a file or directory: OpenSSL's own (SSL_CERT_FILE, SSL_CERT_DIR), or where there is none, as in a
    program built for another distribution, this distribution's. `truststore` asks other platforms, and does the same here,
    but takes longer to import than the server to answer.
    """
    if sys.platform != "linux":
        import truststore  # noqa: PLC0415

        return without_old_versions(truststore.SSLContext(PROTOCOL_TLS_CLIENT))  # type: ignore[type-var, return-value]  # it has the same methods
    if _openssl_has_some():
        context.set_default_verify_paths()
        if os.path.isfile(os.environ.get(get_default_verify_paths()[0], "")):
            with_partial_chains(context)  # the user names it, and Go takes whatever is in it
    else:
        bundle = next(filter(os.path.isfile, _BUNDLES), "")
        if bundle:
            context.load_verify_locations(bundle)
    return context


def _openssl_has_some() -> bool:
    file_variable, file, directory_variable, directory = get_default_verify_paths()
    if os.path.isfile(os.environ.get(file_variable, file)):
        return True
    try:
        names = os.listdir(os.environ.get(directory_variable, directory))
    except OSError:
        return False
    return any(name[8:9] == "." and name[9:].isdigit() and _HEXADECIMAL.issuperset(name[:8]) for name in names)
