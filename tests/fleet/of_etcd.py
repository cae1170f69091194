"""An engine of etcd, by its JSON gateway: it keeps the interface honest, with another wire, version and time than Redis.

A version is the revision and the lease: a cluster that forgets everything counts from one again, and its leases are random.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from vsphere_session.fleet.engine import (
    MAX_DOCUMENT_BYTES,
    ConflictError,
    DownError,
    Facts,
    Seen,
    TooBigError,
    UnknownError,
)

_SECONDS = 20.0
_STEP = 1.0


class EtcdEngine:
    """One HTTP session to the server at `url`; `remaining` as `RedisEngine` has it."""

    def __init__(self, url: str, remaining: Callable[[], float]) -> None:
        self._url = url
        self._remaining = remaining
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, name: str) -> Seen:
        """As `Engine` has it."""
        return self._read(name)[0]

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """As `Engine` has it."""
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TooBigError("the document is too big")
        lease = self._ask("lease/grant", {"TTL": max(1, round(keep))})[0]["ID"]
        key = _base64(name.encode())
        revision, _, old = version.decode().partition("-")
        compare = [{"key": key, "target": "MOD", "mod_revision": revision or "0"}]
        if version:
            compare.append({"key": key, "target": "LEASE", "lease": old})
        question = {
            "compare": compare,
            "success": [{"request_put": {"key": key, "value": _base64(data), "lease": lease}}],
            "failure": [{"request_range": {"key": key}}],
        }
        try:
            answer, now = self._ask("kv/txn", question)
        except DownError as error:
            if isinstance(error.__cause__, requests.ConnectionError) and "refused" in str(error.__cause__):
                raise
            raise UnknownError("etcd was asked to keep a document, and no answer came") from None
        if answer.get("succeeded"):
            return Seen(f"{answer['header']['revision']}-{lease}".encode(), data, now)
        raise ConflictError(_seen(answer["responses"][0]["response_range"], now))

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """As `Engine` has it."""
        seen, revision = self._read(name)
        if seen.version != version:
            return True
        question = {"create_request": {"key": _base64(name.encode()), "start_revision": str(revision + 1)}}
        try:
            with self._session.post(
                f"{self._url}/v3/watch",
                json=question,
                stream=True,
                timeout=(_SECONDS, max(0.01, min(seconds, self._remaining()))),
            ) as answer:
                for line in answer.iter_lines(chunk_size=1):
                    if json.loads(line)["result"].get("events"):
                        return True
        except requests.RequestException as error:
            if "timed out" in str(error).lower():
                return False
            raise DownError(f"etcd was asked: {type(error).__name__}") from error
        raise DownError("etcd closed the connection")

    def about(self) -> Facts:
        """As `Engine` has it."""
        answer, _ = self._ask("maintenance/status", {})
        return Facts(name="etcd", version=answer["version"], durable="always", eviction="noeviction", step=_STEP)

    def close(self) -> None:
        """As `Engine` has it."""
        self._session.close()

    def _read(self, name: str) -> tuple[Seen, int]:
        answer, now = self._ask("kv/range", {"key": _base64(name.encode())})
        return _seen(answer, now), int(answer["header"]["revision"])

    def _ask(self, what: str, question: dict[str, Any]) -> tuple[Any, float]:
        try:
            answer = self._session.post(
                f"{self._url}/v3/{what}", json=question, timeout=min(_SECONDS, self._remaining())
            )
            answer.raise_for_status()
            return answer.json(), parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except requests.RequestException as error:
            raise DownError(f"etcd was asked: {type(error).__name__}") from error


def _seen(answer: dict[str, Any], now: float) -> Seen:
    (found,) = answer.get("kvs", [None])
    if not found:
        return Seen(b"", b"", now)
    return Seen(f"{found['mod_revision']}-{found['lease']}".encode(), b64decode(found.get("value", "")), now)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
