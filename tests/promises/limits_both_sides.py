"""Every limit of docs/limits.md that is a size: what is just small enough is taken, one more is refused."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from credential_protocol import git, jsontext
from credential_protocol.messages import Failure
from promises.rows import Progress
from vsphere_session import endpoint
from vsphere_session.configure import plan
from vsphere_session.http import limits, thumbprint
from vsphere_session.http.response import Response, ResponseReader
from vsphere_session.settings import config_file as config
from vsphere_session.settings import environment
from vsphere_session.storage import files
from vsphere_session.storage.reading import Reader
from vsphere_session.vsphere import session_id
from vsphere_session.vsphere.xml import parse_xml

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


def tried(progress: Progress) -> int:
    """How many limits were tried; each is a step."""
    with tempfile.TemporaryDirectory() as directory:
        tries = _answers() | _requests() | _files(Path(directory))
        for name, (limit, accept) in tries.items():
            assert _taken(accept, limit), f"{name}: {limit} is refused"
            assert not _taken(accept, limit + 1), f"{name}: {limit + 1} is taken"
            progress(1)
    return len(tries)


def _taken(accept: Callable[[int], object], size: int) -> bool:
    """Whether this size is taken: what is refused is a Failure, a ValueError, or False."""
    try:
        return accept(size) is not False
    except (Failure, ValueError):
        return False


Tries = dict[str, tuple[int, Callable[[int], object]]]


def _answers() -> Tries:
    return {
        # bytes up to the empty line; they are looked at when a piece has come
        "headers": (
            limits.MAX_HEADER_BYTES,
            lambda size: _answer(OK, b"X: ".ljust(size - len(OK), b"x"), b"\r\n" + EMPTY),
        ),
        "body": (limits.MAX_BODY_BYTES, lambda size: _answer(OK + b"Content-Length: %d\r\n\r\n" % size, b"x" * size)),
        "body to the end": (limits.MAX_BODY_BYTES, lambda size: _answer(OK + b"\r\n", b"x" * size)),
        "body in chunks": (
            limits.MAX_BODY_BYTES,
            lambda size: _answer(
                OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size, b"x" * size, b"\r\n0\r\n\r\n"
            ),
        ),
        "chunks": (
            limits.MAX_CHUNK_LINES - 1,  # the last one is the empty one
            lambda count: _answer(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * count + b"0\r\n\r\n"),
        ),
        "interim answers": (
            limits.MAX_INTERIM_ANSWERS - 1,
            lambda count: _answer(b"HTTP/1.1 100 Continue\r\n\r\n" * count + OK + EMPTY),
        ),
        "depth of XML": (limits.MAX_XML_DEPTH, lambda depth: parse_xml(b"<a>" * depth + b"</a>" * depth)),
        "elements of XML": (limits.MAX_XML_ELEMENTS, lambda count: parse_xml(b"<a>" + b"<b/>" * (count - 1) + b"</a>")),
        "session id": (session_id._MAX_ID, lambda size: session_id.is_session_id("x" * size)),
    }


def _answer(*parts: bytes) -> Response:
    pieces = iter(parts)
    return ResponseReader(lambda: next(pieces, b""), "the server").read()[0]


def _requests() -> Tries:
    def lines(count: int) -> object:
        return git.parse(["get"], b"x=y\n" * (count - 2) + b"protocol=https\nhost=vc\n", {})

    def long_line(size: int) -> object:
        return git.parse(
            ["get"], b"protocol=https\nhost=vc\nx=".ljust(size + len("protocol=https\nhost=vc\n"), b"y") + b"\n", {}
        )

    def host_name(size: int) -> object:
        return endpoint.parse_endpoint(("x" * 60 + ".") * (size // 61) + "y" * (size % 61))

    return {
        "request": (jsontext.MAX_BYTES, lambda size: jsontext.read_object(b"{}".ljust(size))),
        "line of git": (git.MAX_LINE - 1, long_line),
        "lines of git": (git.MAX_LINES - 1, lines),  # what follows the last LF counts, too
        "URL": (endpoint._MAX_URL, lambda size: endpoint.parse_endpoint("https://vc/sdk?".ljust(size, "x"))),
        "host name": (endpoint._MAX_HOST_NAME, host_name),
    }


def _files(directory: Path) -> Tries:
    path = directory / "file"

    def cache_file(size: int) -> object:
        private = directory / "private" / "file"
        files.write_private(str(private), b"x" * size)
        return files.read_private(str(private)) == b"x" * size

    def configuration(size: int) -> object:
        path.write_bytes(b'verify = "auto"'.ljust(size))
        return config.load(str(path))

    def dots(count: int) -> object:
        path.write_bytes(b'ca_file = "%s"' % (b"." * count))
        return config.load(str(path))

    def secret(size: int) -> object:
        path.write_bytes(b"x" * size)
        found = environment.sources({"GOVC_PASSWORD": str(path)}, Reader())[0].password()
        return found == "x" * size

    def known_hosts(size: int) -> object:
        path.write_bytes(b"#".ljust(size - 3, b"#") + b"\nvc")  # whose last name is only whole within the limit
        with path.open("ab") as file:
            file.write(b" X")
        read = files.read_named(str(path), thumbprint.MAX_KNOWN_HOSTS_BYTES, "the known hosts", 1.0)
        return read.endswith(b"vc")

    def callers_file(size: int) -> object:
        path.write_bytes(b"")
        os.truncate(path, size)
        return plan.read(str(path)) is not None

    return {
        "cache file": (files.MAX_BYTES, cache_file),
        "configuration": (config.MAX_CONFIG_BYTES, configuration),
        "dots in a line of it": (config.MAX_DOTS_IN_LINE, dots),
        "file with a password": (environment.MAX_SECRET_FILE_BYTES, secret),
        "known hosts": (thumbprint.MAX_KNOWN_HOSTS_BYTES, known_hosts),
        "a caller's configuration": (plan.MAX_FILE_BYTES, callers_file),
    }
