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
    from vsphere_session.http.tls import AnyContext, Context

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/cert.pem",  # older ones of these: a link to the next, where it has been made
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, BSD
)
_BY_NAME = {
    "/etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": "/etc/pki/ca-trust/extracted/pem/directory-hash",
    "/etc/ssl/ca-bundle.pem": "/etc/ssl/certs",
    "/etc/ssl/cert.pem": "/etc/ssl/certs",
}
"""Where a bundle's authorities are once more, each in a file whose name OpenSSL makes of its subject."""
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
        if _named_by_the_user():
            with_partial_chains(context)  # and Go takes whatever is in it
    else:
        bundle = _bundle()
        if bundle:
            context.load_verify_locations(bundle)
    return context


def trust_by_name(context: Context) -> Context | None:
    """`context`, which looks for a server's authority by its name when it is needed; None where there is nothing to look into.

    What it verifies `trust_the_platform` verifies, too, which may know more. A bundle of 140 authorities takes longer to
    load than all else that a question to a server needs.
    """
    if sys.platform != "linux" or _named_by_the_user():
        return None
    _, _, variable, own = get_default_verify_paths()
    directory = os.environ.get(variable, own) if _openssl_has_some() else _BY_NAME.get(_bundle(), "")
    if not _has_names(directory):
        return None
    context.load_verify_locations(capath=directory)
    return context


def platform_bundle() -> str:
    """The file with all authorities that OpenSSL or the distribution trusts; empty where there is none."""
    own = get_default_verify_paths()[1]
    return own if os.path.isfile(own) else _bundle()


def _bundle() -> str:
    return next(filter(os.path.isfile, _BUNDLES), "")


def _named_by_the_user() -> bool:
    """Whether a variable names a file of authorities."""
    return os.path.isfile(os.environ.get(get_default_verify_paths()[0], ""))


def _openssl_has_some() -> bool:
    file_variable, file, directory_variable, directory = get_default_verify_paths()
    return os.path.isfile(os.environ.get(file_variable, file)) or _has_names(
        os.environ.get(directory_variable, directory)
    )


def _has_names(directory: str) -> bool:
    """Whether files in there have the names by which OpenSSL looks for them: eight hexadecimal digits, a dot, a number."""
    try:
        names = os.listdir(directory or os.devnull)
    except OSError:
        return False
    return any(name[8:9] == "." and name[9:].isdigit() and _HEXADECIMAL.issuperset(name[:8]) for name in names)
