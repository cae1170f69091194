"""zitadel's example of an OpenID provider, one process per test: code with PKCE, refresh with rotation, client credentials."""

import contextlib
import functools
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from peers.toolchain import PEERS, Module, PeerMissingError, programs_of

MODULE = Module(PEERS / "oidc", (".",))


@functools.cache
def oidc() -> Path:
    """Return the executable; raise ``PeerMissingError`` where it can not be built."""
    return programs_of(MODULE) / "oidc"


class OidcProvider:
    """Listens on both loopback addresses for as long as the context lasts; its tokens live as long.

    One person may log in, ``user`` with ``password``, on a page with a form. Clients: ``native`` without a secret, whose
    redirect URI may have any port; ``web`` with the secret ``web-secret``, whose has to be one of ``redirects`` exactly; and
    ``sid1`` with ``verysecret`` for client credentials. At ``/deny?id=…`` the person says no, to the login with that id.
    """

    issuer: str

    def __init__(
        self,
        user: str = "person@example.com",
        password: str = "Secret123!",
        *,
        redirects: Sequence[str] = ("http://localhost/auth", "http://127.0.0.1/auth", "http://[::1]/auth"),
    ) -> None:
        self.user = user
        self.password = password
        self._options = ["-user", user, "-password", password, "-redirects", ",".join(redirects)]

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            self._log = opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            self._process = opened.enter_context(
                subprocess.Popen(
                    [oidc(), *self._options],
                    stdin=subprocess.PIPE,  # its end tells the server to stop, should this process die
                    stdout=subprocess.PIPE,
                    stderr=self._log,
                    text=True,
                )
            )
            opened.callback(self._process.terminate)
            assert self._process.stdout is not None
            self.issuer = self._process.stdout.readline().strip()
            if not self.issuer:
                raise PeerMissingError(f"the OpenID provider did not start: {self.log()}")
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def log(self) -> str:
        """Return what the server has to say so far."""
        self._log.flush()
        self._log.seek(0)
        return self._log.read()
