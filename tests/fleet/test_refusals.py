"""What an engine refuses is told apart: the account may not, or the engine cannot; nothing else was changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet.canned import Canned, canned
from fleet.kinds import KEEP
from vsphere_session.fleet.engine import DeniedError, DownError, UnknownError
from vsphere_session.fleet.of_redis import RedisEngine

SECRET = "hunter2-the-password"
DOWN = [
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOREPLICAS Not enough good replicas to write.",
    "CLUSTERDOWN Hash slot not served",
    "MISCONF Redis is configured to save RDB snapshots",
    "BUSY Redis is busy running a script.",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
]
DENIED = [
    "NOPERM this user has no permissions to run the 'eval' command",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "ERR The user executing the script can't run this command or subcommand script: on @user_script:1.",
]
TOO_OLD = ["ERR unknown command 'XREVRANGE'", "ERR Unknown Redis command called from script script: f_1"]


def engine_at(server: Canned, *, password: str = "") -> RedisEngine:
    user = "ci-runner@" if password else ""
    return RedisEngine(f"redis://{user}127.0.0.1:{server.port}/", password=password, tls=None, remaining=lambda: 30.0)


def refusals(text: str) -> list[Exception]:
    """What `get`, `put` and `wait` raise where each command is refused like that."""
    calls: list[Callable[[RedisEngine], object]] = [
        lambda engine: engine.get("a"),
        lambda engine: engine.put("a", b"", b"x", KEEP),
        lambda engine: engine.wait("a", b"", 1.0),
    ]
    found: list[Exception] = []
    with canned(f"-{text}\r\n".encode() * 2) as server:
        for call in calls:
            engine = engine_at(server)
            with pytest.raises((DownError, DeniedError, UnknownError)) as raised:
                call(engine)
            found.append(raised.value)
            engine.close()
    return found


@pytest.mark.parametrize("text", DOWN, ids=lambda text: text.split()[0])
def test_an_engine_that_cannot_is_down(text: str) -> None:
    """Nothing was changed, and the message says what the engine says."""
    for error in refusals(text):
        assert type(error) is DownError
        assert text[:20] in str(error)


@pytest.mark.parametrize("text", DENIED, ids=lambda text: text.split()[0])
def test_what_the_account_may_not_is_denied(text: str) -> None:
    assert [type(error) for error in refusals(text)] == [DeniedError] * 3


@pytest.mark.parametrize("text", TOO_OLD)
def test_a_server_that_is_too_old_is_told_which_version_is_needed(text: str) -> None:
    for error in refusals(text):
        assert type(error) is DownError
        assert "Redis 6.2 or Valkey 7.2 is needed" in str(error)


@pytest.mark.parametrize("code", ["MOVED", "ASK"])
def test_nobody_is_followed_to_another_address(code: str) -> None:
    """That one has not been named, and may be anybody's."""
    with canned(b"+OK\r\n") as stranger:
        for error in refusals(f"{code} 3999 127.0.0.1:{stranger.port}"):
            assert type(error) is DownError
            assert "not followed" in str(error)
        assert stranger.connections == 0


def test_a_word_that_may_be_a_proxys_leaves_open_whether_a_put_took_effect() -> None:
    """The engine behind it may have been asked already."""
    get, put, wait = refusals("ERR upstream failure")
    assert (type(get), type(put), type(wait)) == (DownError, UnknownError, DownError)


def test_an_engines_text_is_cut_and_has_no_control_character() -> None:
    for error in refusals("LOADING \x1b[31m\x00" + "x" * 5000):
        assert str(error).isprintable()
        assert len(str(error)) < 250


@pytest.mark.parametrize(
    "text",
    [
        f"ERR unknown command 'AUTH', with args beginning with: 'ci-runner' '{SECRET}' ",
        f"WRONGPASS {SECRET} is not the one",
        f"ERR wrong {SECRET}",
    ],
)
def test_an_engine_that_repeats_the_password_is_not_quoted(text: str) -> None:
    """Nor is it in what Python shows of the engine."""
    with canned(f"-{text}\r\n".encode()) as server:
        engine = engine_at(server, password=SECRET)
        with pytest.raises((DownError, DeniedError)) as raised:
            engine.get("a")
        assert SECRET not in f"{raised.value!r} {raised.value} {engine!r} {engine}"
        assert SECRET.encode() in b"".join(server.asked)
        engine.close()


def test_nothing_is_sent_but_what_an_account_has_a_right_for() -> None:
    """No HELLO, CLIENT, SELECT or PING: the library sends none of its own."""
    now, nothing = b"*2\r\n$10\r\n1795774030\r\n$1\r\n0\r\n", b"*0\r\n"
    with canned(b"+OK\r\n", now + nothing) as server:
        engine = engine_at(server, password=SECRET)
        engine.get("a")
        engine.get("a")
        engine.close()
        words = [word for asked in server.asked for word in asked.split(b"\r\n") if word.isalpha() and word.isupper()]
        assert words == [b"AUTH", b"TIME", b"XREVRANGE", b"COUNT", b"TIME", b"XREVRANGE", b"COUNT"]
        assert server.connections == 1
