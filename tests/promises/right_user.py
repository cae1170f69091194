"""Promise 5: never somebody else's session, never a session id at another server or over a connection of less trust.

Two simulated vCenters with the same users write down every session id that they are sent. Both are trusted, so that
nothing but the helper keeps them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from promises import govc_mixed_up, led_astray, mix_ups
from promises.rows import Progress, Row, Size


@dataclass(frozen=True)
class Matrix:
    """Combinations of one sort; `run` yields the number of ids that the servers were sent in each, or fails."""

    what: str
    run: Callable[[Size], Iterator[int]]
    govc: Callable[[Progress], str] | None = None


MATRICES = (
    Matrix(
        "two users on one host: three spellings of each; SOAP, REST, both; verify=auto, always, never; then users without a"
        " password, and nobody",
        mix_ups.principals,
    ),
    Matrix(
        "a UPN suffix that is not the NetBIOS name: in one's file a session of one's own, of a namesake in another domain, of a"
        " colleague; before and after a login has shown the name; SOAP, REST; get with and without a password, erase",
        mix_ups.suffixes,
    ),
    Matrix(
        "one host under two names, in capitals, as a URL, by one or two users; two servers under one name",
        mix_ups.names,
    ),
    Matrix(
        "token and certificate logins without a user name, for two principals; then by password (govc: clone tickets)",
        mix_ups.without_a_name,
        govc_mixed_up.without_a_name,
    ),
    Matrix(
        "obtained by an authority, a thumbprint, insecure, or insecure and a thumbprint; asked for in each of these ways;"
        " the certificate swapped or not; get, reauth, erase",
        mix_ups.trust,
    ),
    Matrix(
        "redirects: 301, 302, 303, 307, 308, in each step of a session's life, to another host, to http, to another path",
        led_astray.redirects,
        govc_mixed_up.redirects,
    ),
    Matrix(
        "a cache file edited by hand: host, scheme, insecure, another user's id, file or record, another server's file, half"
        " a file; get, reauth, erase, at once and later",
        led_astray.edited,
        govc_mixed_up.edited,
    ),
)


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is a combination."""
    for matrix in MATRICES:
        tried = sent = 0
        for ids in matrix.run(size):
            tried, sent = tried + 1, sent + ids
            progress(1)
        yield Row(
            matrix.what,
            f"{tried} combinations, 0 foreign sessions, 0 of {sent} session ids at another server or with less trust",
            matrix.govc(progress) if matrix.govc is not None and size is Size.LONG else "–",
        )
