"""The audit of the lock files: what it finds is a failure, a service that does not answer is not, and never the one for the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from audit.__main__ import LOCKS, ROOT, verdict
from audit.services import Report, UnusableLockError, ask

HASH = "a" * 64
GOOD = f"good==1.0 --hash=sha256:{HASH}\n"
BAD = f"bad==2.0 --hash=sha256:{HASH}\n"
ADVISORY = {
    "vulns": [
        {
            "id": "GHSA-made-up",
            "affected": [
                {
                    "package": {"name": "bad", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
                }
            ],
        }
    ]
}


@contextmanager
def service(status: int = 200, text: bytes | None = None) -> Iterator[str]:
    """An advisory service on a loopback port, which knows one thing against `bad`; or gives this answer to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            known = ADVISORY if asked["package"]["name"] == "bad" else {}
            body = json.dumps(known).encode() if text is None else text
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock file with one good and one bad package."""
    path = tmp_path / "requirements.lock"
    path.write_text(GOOD + BAD, encoding="ascii")
    return path


def asked(lock: Path, url: str) -> Report:
    return ask("osv", lock, "--osv-url", url, "--cache-dir", str(lock.parent / "cache"), "--timeout", "5")


def test_what_is_known_against_a_package_is_found_and_is_a_failure(lock: Path) -> None:
    """With the version in which it is fixed."""
    with service() as url:
        report = asked(lock, url)
    assert (report.known, report.silent) == (2, "")
    bad, text = verdict(lock, {"osv": lambda _lock: report})
    assert bad
    assert "bad 2.0: GHSA-made-up, fixed in 2.1" in text


def test_a_lock_against_which_nothing_is_known_is_good_and_the_packages_are_counted(lock: Path) -> None:
    """Nothing found is only said where packages were known."""
    lock.write_text(GOOD, encoding="ascii")
    with service() as url:
        report = asked(lock, url)
    assert verdict(lock, {"osv": lambda _lock: report}) == (
        False,
        "nothing is known against 1 packages, according to osv",
    )


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_service_that_refuses_says_nothing(lock: Path, status: int) -> None:
    """It is not taken for a good word, and not for a bad one."""
    with service(status) as url:
        assert str(status) in asked(lock, url).silent


def test_a_service_that_is_not_there_or_answers_with_a_web_page_says_nothing(lock: Path) -> None:
    """A proxy's sign-in page is no advisory."""
    with service(text=b"<html>") as url:
        assert asked(lock, url).silent
    assert asked(lock, "http://127.0.0.1:9/v1/query").silent


def test_a_service_that_knows_no_package_says_nothing() -> None:
    """pip-audit itself ends well there, with every package skipped."""
    packages: list[dict[str, object]] = [{"name": "good", "skip_reason": "not found"}]
    from audit.services import _report

    assert _report(packages).silent == "it knows none of 1 packages"


def test_where_nobody_answers_it_says_so_and_goes_on(lock: Path) -> None:
    """After each has been asked; the first who answers is believed."""
    silent = Report(silent="ConnectionError")
    bad, text = verdict(lock, {"osv": lambda _lock: silent, "pypi": lambda _lock: silent})
    assert not bad
    assert text == "NOT AUDITED, no advisory service answers here (osv: ConnectionError; pypi: ConnectionError)"
    found = Report(1, ["bad 2.0: X, fixed in 2.1"])
    assert verdict(lock, {"osv": lambda _lock: silent, "pypi": lambda _lock: found})[0]


@pytest.mark.parametrize("line", ["good==1.0\n", "good>=1.0 --hash=sha256:" + HASH + "\n", "]]]\n"])
def test_a_lock_that_cannot_be_used_is_a_failure_whether_the_service_answers_or_not(lock: Path, line: str) -> None:
    """A package without a hash, or without one version."""
    lock.write_text(GOOD + line, encoding="ascii")
    with service() as url, pytest.raises(UnusableLockError):
        asked(lock, url)
    with pytest.raises(UnusableLockError):
        asked(lock, "http://127.0.0.1:9/v1/query")


def test_every_lock_file_of_the_tree_is_asked_about() -> None:
    """The packages of a build and of its tools reach users, too."""
    folders = (ROOT / "helper", ROOT / "protocol", ROOT / "packaging", ROOT / "tests")
    assert set(LOCKS) == {
        ROOT / "requirements.lock",
        *(lock for one in folders for lock in one.rglob("*requirements*.lock")),
    }
