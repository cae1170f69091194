"""What Redis and Valkey say of themselves, as far as the account may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vsphere_session.fleet.engine import Facts
from vsphere_session.fleet.redis_wire import RefusedError

if TYPE_CHECKING:
    from vsphere_session.fleet.redis_wire import Wire

_STEP = 0.000_001
_NEEDED = {"auth", "hello", "time", "xrevrange", "xread", "eval", "evalsha", "xadd", "pexpire"}
_QUESTIONS: dict[str, list[tuple[bytes, ...]]] = {
    "info": [(b"INFO", b"server"), (b"INFO", b"persistence"), (b"INFO", b"replication"), (b"INFO", b"memory")],
    "acl|whoami": [(b"ACL", b"WHOAMI")],
    "config|get": [(b"CONFIG", b"GET", b"appendfsync")],
}
_SYNC = {"always": "always", "everysec": "second", "no": "no"}


def facts(wire: Wire, user: str) -> Facts:
    """Ask; whatever is refused stays empty. What an account may ask beside what a fleet needs is a right beyond that, too.

    Raises LostError, GarbledError.
    """
    answers = {right: _allowed(wire.ask(*questions)) for right, questions in _QUESTIONS.items()}
    lines = _lines(answers["info"]) or _lines_of_hello(_allowed(wire.ask((b"HELLO",))))
    (who,) = answers["acl|whoami"] or [b""]
    user = _text(who) or user or "default"
    account = _allowed(wire.ask((b"ACL", b"GETUSER", user)))
    return Facts(
        name="valkey" if "valkey_version" in lines else "redis" if "redis_version" in lines else "",
        version=lines.get("valkey_version", lines.get("redis_version", "")),
        user=user,
        durable=_durable(lines, answers["config|get"]),
        eviction=lines.get("maxmemory_policy", ""),
        replicas=int(lines["connected_slaves"]) if lines.get("connected_slaves", "").isdecimal() else -1,
        rights=_rights(account[0]) if account else tuple(f"+{right}" for right, found in answers.items() if found),
        step=_STEP,
        tls=wire.guarded.tls_version(),
    )


def _allowed(answers: list[Any]) -> list[Any]:
    return [] if any(isinstance(answer, RefusedError) for answer in answers) else answers


def _lines(answers: list[Any]) -> dict[str, str]:
    """`name:value` by line, the rest left out."""
    pairs = (line.partition(":") for answer in answers for line in _text(answer).splitlines())
    return {name: _printable(value) for name, colon, value in pairs if colon}


def _lines_of_hello(answers: list[Any]) -> dict[str, str]:
    """Name and version as INFO has them, for an account that may not ask that."""
    answer = answers[0] if answers and isinstance(answers[0], list) else []
    said = {_text(name): _text(value) for name, value in zip(answer[::2], answer[1::2], strict=False)}
    return {f"{said.get('server', '')}_version": _printable(said.get("version", ""))}


def _durable(lines: dict[str, str], configured: list[Any]) -> str:
    """By INFO whether a log is kept, by CONFIG how soon it is on the disk."""
    if lines.get("aof_enabled") == "0":
        return "no"
    if lines.get("aof_enabled") != "1" or not configured or not isinstance(configured[0], list):
        return ""
    return _SYNC.get(_text(configured[0][-1] if configured[0] else b""), "")


def _rights(account: Any) -> tuple[str, ...]:
    """Of ACL GETUSER: commands that no fleet needs, all keys, all channels."""
    if not isinstance(account, list):
        return ()
    said = {_text(name): _text(value) for name, value in zip(account[::2], account[1::2], strict=False)}
    commands = [word for word in said.get("commands", "").split() if word.startswith("+") and word[1:] not in _NEEDED]
    wide = [word for word in f"{said.get('keys', '')} {said.get('channels', '')}".split() if word in ("~*", "&*")]
    return tuple(map(_printable, commands + wide))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:100])
