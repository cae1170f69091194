"""vCenter's simulator, one process per test."""

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from peers.govc import Govc
from peers.toolchain import PeerMissingError, build


class VcSim:
    """A vCenter, or with ``esx`` a single host, on the loopback interface for as long as the context lasts.

    Only ``user`` with ``password`` may log in. ``idle`` is a Go duration, as in ``2s``, after which
    an unused session ends. With `tunnel` extensions are let in, by any certificate. Port 0 takes a free one. The certificate and its authority are new each time.
    """

    url: str  # without user and password
    authority: str  # host:port
    tunnel_port: int  # the port that stands for vCenter's port 80; 0 without `tunnel`
    thumbprint: str  # SHA-1, the form of govc's known hosts; "" without TLS
    thumbprint_sha256: str
    ca_file: Path  # PEM; empty without TLS

    def __init__(
        self,
        user: str = "administrator@vsphere.local",
        password: str = "Secret123!",
        *,
        esx: bool = False,
        tls: bool = True,
        idle: str = "0",
        port: int = 0,
        tunnel: bool = False,
    ) -> None:
        self.user = user
        self.password = password
        self._options = ["-l", f"127.0.0.1:{port}", "-user", user, "-pass", password, "-idle", idle]
        self._options += [f"-esx={str(esx).lower()}", f"-tls={str(tls).lower()}", f"-tunnel={str(tunnel).lower()}"]

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            self._directory = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="vcsim-")))
            log = opened.enter_context((self._directory / "log").open("w", encoding="utf-8"))
            self._process = opened.enter_context(
                subprocess.Popen(
                    [build().vcsim, *self._options],
                    stdin=subprocess.PIPE,  # its end tells the server to stop, should this process die
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            )
            opened.callback(self.stop)
            self._read_announcement()
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._opened:
            if error is None and self._process.poll() is None:
                self.at_end()

    def at_end(self) -> None:
        """Take a last look at the sessions: called at the end of the ``with`` block, unless an error or `stop` came before."""

    def stop(self) -> None:
        """End the server, and with it all its sessions; from here on its port refuses connections."""
        self._process.terminate()
        self._process.wait()

    def govc(self, home: Path, *, password: str | None = None) -> Govc:
        """Return a govc that trusts this server and logs in as its user, if need be with another password."""
        return Govc(
            home,
            self.url,
            self.user,
            self.password if password is None else password,
            ca_file=self.ca_file if self.thumbprint else None,
        )

    def sessions(self) -> list[dict[str, Any]]:
        """List the SOAP sessions that the server has, but for the one that this look needs and ends.

        The keys are those of vSphere's UserSession: ``key``, ``userName``, ``userAgent``, ``loginTime`` ...
        REST sessions are not among them: no API lists those.
        """
        seen = self.govc(self._directory).json("session.ls", "-persist-session=false")
        mine = seen["currentSession"]["key"]
        return [session for session in seen["sessionList"] if session["key"] != mine]

    def session_count(self) -> int:
        """Return how many SOAP sessions the server has, see ``sessions``."""
        return len(self.sessions())

    def _read_announcement(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = (self._directory / "log").read_text(encoding="utf-8")
            raise PeerMissingError(f"vcsim did not start: {said}")
        announced: dict[str, Any] = json.loads(line)
        self.url = announced["url"]
        self.authority = urlsplit(self.url).netloc
        self.tunnel_port = int(announced["tunnel"])
        self.thumbprint = announced["thumbprint"]
        self.thumbprint_sha256 = announced["sha256"]
        self.ca_file = self._directory / "ca.pem"
        self.ca_file.write_text(announced["ca"], encoding="ascii")
