"""JSON Lines: without a verb, each line of stdin is a request and is answered with one line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from peers import strace
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, request, settle

MEBIBYTE = 1024 * 1024


def converse(helper: Helper, *lines: object, options: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """The replies to requests, or to lines that are bytes; the conversation itself must succeed quietly."""
    stdin = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    reply = helper.run(*options, stdin=stdin)
    assert reply.status == 0, reply
    assert reply.stderr == "", reply
    return objects(reply)


def objects(reply: Reply) -> list[dict[str, str]]:
    assert reply.stdout == b"" or reply.stdout.endswith(b"\n")
    found = [json.loads(line) for line in reply.stdout.splitlines()]
    assert all(isinstance(value, str) for one in found for value in one.values())
    return found


def get(vcenter: SimulatedVCenter, **fields: object) -> dict[str, object]:
    return {"action": "get", **request(vcenter, password=PASSWORD, **fields)}


# ---- the replies


def test_each_request_is_answered_in_its_turn(vcenter: SimulatedVCenter, helper: Helper) -> None:
    session_id = vcenter.add_session(USER, "rest")
    replies = converse(
        helper,
        get(vcenter, api="soap", id="1"),
        {"action": "store", **request(vcenter, rest_session_id=session_id), "id": "2"},
        get(vcenter, id="3"),
        {"action": "erase", **request(vcenter), "id": "4"},
        {"action": "erase", **request(vcenter), "id": "5"},
        {"action": "get", **request(vcenter), "id": "6"},
    )
    assert [reply["id"] for reply in replies] == ["1", "2", "3", "4", "5", "6"]
    assert replies[0]["source"] == "login"
    assert replies[1]["stored"] == "rest"
    assert (replies[2]["source"], replies[2]["rest_session_id"]) == ("cache", session_id)
    assert replies[3]["erased"] == "soap,rest"
    assert replies[4]["erased"] == ""
    assert replies[5]["error"] == "not-found"
    assert vcenter.login_attempts == 1


def test_a_reply_is_what_the_verb_alone_would_say(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert converse(helper, get(vcenter)) == [helper.ok("get", request(vcenter))]


@pytest.mark.parametrize(
    ("given", "echoed"), [("abc", "abc"), ("", ""), (7, "7"), (1.5, "1.5"), (True, "true"), ("ü\u2028", "ü\u2028")]
)
def test_id_is_echoed_as_a_string(helper: Helper, given: object, echoed: str) -> None:
    [good, bad] = converse(
        helper, {"action": "erase", "url": "vc", "id": given}, {"action": "get", "url": "vc", "id": given}
    )
    assert good == {"id": echoed, "erased": ""}
    assert (bad["id"], bad["error"]) == (echoed, "not-found")


def test_id_that_was_not_given_is_not_echoed(helper: Helper) -> None:
    replies = converse(helper, {"action": "erase", "url": "vc"}, {"action": "erase", "url": "vc", "id": None})
    assert replies == [{"erased": ""}, {"erased": ""}]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "7"}\n',
        b'{"id": "7", "action": "sing"}\n',
        b'{"id": "7", "action": "get", "url": ["vc"]}\n',
        b'{"id": "7", "action": {}, "url": "vc"}\n',
        b'{"id": "7", "action": "get", "url": "vc", "username": "a\\nb"}\n',
        b'{"id": "7", "action": "get", "url": "vc", "pasword": "x"}\n',
        b'{"id": "7", "action": "get"}\n',
    ],
)
def test_id_is_echoed_also_where_something_else_is_wrong(helper: Helper, line: bytes) -> None:
    [reply] = converse(helper, line)
    assert (reply["id"], reply["error"]) == ("7", "invalid-request")


def test_id_that_is_no_word_is_refused(helper: Helper) -> None:
    for line in (b'{"id": [1], "action": "erase", "url": "vc"}\n', b'{"id": "a\\u0007", "action": "erase"}\n'):
        [reply] = converse(helper, line)
        assert reply["error"] == "invalid-request"
        assert "id" not in reply


# ---- the lines


@pytest.mark.parametrize(
    "broken",
    [
        b"{\n",
        b"get\n",
        b"null\n",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        b"\x00\n",
        b'{"action": "get", "url": "vc"} {}\n',
        b"[" * 200_000 + b"\n",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_a_broken_line_is_answered_and_the_conversation_goes_on(helper: Helper, broken: bytes) -> None:
    replies = converse(
        helper, {"action": "erase", "url": "vc", "id": 1}, broken, {"action": "erase", "url": "vc", "id": 3}
    )
    assert [reply.get("error") for reply in replies] == [None, "invalid-request", None]
    assert (replies[0]["id"], replies[2]["id"]) == ("1", "3")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
@pytest.mark.parametrize("extra", [-1, 0, 1, 2, 3, MEBIBYTE, 3 * MEBIBYTE])
def test_a_line_over_one_mebibyte_is_refused_and_the_next_one_is_answered(
    helper: Helper, extra: int, end: bytes
) -> None:
    line = b'{"action": "erase", "url": "vc"}'.ljust(MEBIBYTE + extra) + end
    [first, second] = converse(helper, line, {"action": "erase", "url": "vc", "id": 2})
    assert first.get("error") == ("invalid-request" if extra > 0 else None)
    assert second == {"id": "2", "erased": ""}


def test_lines_may_end_in_cr_lf_begin_with_a_byte_order_mark_and_be_empty(helper: Helper) -> None:
    line = b'{"action": "erase", "url": "vc"}'
    stdin = b"\xef\xbb\xbf" + line + b"\r\n\r\n\n   \n" + line
    assert converse(helper, stdin) == [{"erased": ""}, {"erased": ""}], "the last line needs no line feed"


def test_a_conversation_in_which_nothing_is_said_succeeds(helper: Helper) -> None:
    assert converse(helper) == []


def test_action_and_id_belong_to_conversations_alone(helper: Helper) -> None:
    for field in ("action", "id"):
        assert helper.call("get", {"url": "vc", field: "get"}).kind == "invalid-request"


# ---- at length


def test_a_thousand_requests_on_one_pipe_are_answered_in_order_with_one_login(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    replies = converse(helper, *(get(vcenter, id=number) for number in range(1000)))
    assert [reply["id"] for reply in replies] == [str(number) for number in range(1000)]
    assert [reply["source"] for reply in replies] == ["login"] + ["cache"] * 999
    assert len({reply["soap_session_id"] for reply in replies}) == 1
    assert vcenter.login_attempts == 2


def test_a_long_conversation_with_the_server_does_not_run_out_of_files(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    lines = [get(vcenter, verify="always", api="soap")] * 60
    stdin = "".join(json.dumps(line) + "\n" for line in lines).encode()
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -n 24; exec "$0"', *helper.program],
        input=stdin,
        env=helper.environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert [reply.get("error") for reply in objects(Reply(done))] == [None] * 60


def test_each_reply_comes_before_the_next_request_is_sent(vcenter: SimulatedVCenter, helper: Helper) -> None:
    with helper.start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for source in ("login", "cache", "cache"):
            process.stdin.write(json.dumps(get(vcenter)).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["source"] == source
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_caller_that_stops_reading_ends_the_conversation_quietly(vcenter: SimulatedVCenter, helper: Helper) -> None:
    with helper.start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(get(vcenter)).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(json.dumps(get(vcenter)).encode() + b"\n")
        process.stdin.flush()
        assert process.wait(20) == 141
        assert process.stderr.read() == b""


def test_nothing_is_on_stderr_unless_asked_for(vcenter: SimulatedVCenter, helper: Helper) -> None:
    stdin = json.dumps(get(vcenter)).encode() + b"\n{\n"
    assert helper.run(stdin=stdin).stderr == ""
    told = helper.run("-v", stdin=json.dumps(get(vcenter, reauth=True)).encode() + b"\n")
    assert "vsphere-session: " in told.stderr
    assert PASSWORD not in told.stderr


# ---- the same question again


class Talk:
    """A conversation, one question at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ask(self, fields: dict[str, object]) -> dict[str, str]:
        """The reply to one request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(fields).encode() + b"\n")
        self._process.stdin.flush()
        reply: dict[str, str] = json.loads(self._process.stdout.readline())
        return reply


def spoiled(path: Path) -> None:
    path.write_bytes(b"{}")


REPEATED: dict[str, Callable[[Helper, SimulatedVCenter], object]] = {
    "the file is gone": lambda helper, _: next(helper.home.rglob("rest_sessions/*")).unlink(),
    "the file is spoiled": lambda helper, _: spoiled(next(helper.home.rglob("rest_sessions/*"))),
    "another call erased the session": lambda helper, vcenter: helper.ok("erase", request(vcenter)),
}


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("change", REPEATED.values(), ids=REPEATED)
def test_a_question_that_is_repeated_has_a_new_answer_once_anything_has_changed(
    vcenter: SimulatedVCenter, helper: Helper, change: Callable[[Helper, SimulatedVCenter], object]
) -> None:
    """What is in no file any more is not handed out; a session whose file somebody spoiled idles out."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    question = {"action": "get", **request(vcenter)}
    with helper.start() as process:
        talk = Talk(process)
        first, second, third = (talk.ask(question | {"id": name}) for name in "abb")
        assert first | {"id": "b"} == second == third
        assert first["source"] == "cache"
        change(helper, vcenter)
        assert talk.ask(question | {"id": "b"}).get("error") == "not-found"
        assert talk.ask(question).get("error") == "not-found"
        again = talk.ask(get(vcenter))
        assert again["source"] == "login"
        assert again["rest_session_id"] != first["rest_session_id"]
    assert helper.sessions_in_files <= {session.id for session in vcenter.sessions}


def test_a_question_that_is_repeated_is_answered_without_reading_the_files_again(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """The system is only asked whether they have changed."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    log = tmp_path / "calls"
    helper.program = [*strace(), "-f", "-qq", "-o", str(log), "-e", "trace=?open,openat", *helper.program]
    replies = converse(helper, *({"action": "get", "id": str(count), **request(vcenter)} for count in range(9)))
    assert [reply["id"] for reply in replies] == [str(count) for count in range(9)]
    assert len({reply["rest_session_id"] for reply in replies}) == 1
    assert log.read_text().count("/rest_sessions/") == 1


def test_a_line_that_is_asked_again_is_answered_to_the_letter(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """With another id it is the same question, and the answer begins with that one."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    settle(helper)
    lines = [{"action": "get", "id": name, **request(vcenter)} for name in ("1", "2", "1", "1")]
    replies = converse(helper, *lines, {"action": "get", "id": "1", **request(vcenter, api="soap")})
    assert replies[0] == replies[2] == replies[3]
    assert replies[1] == replies[0] | {"id": "2"}
    assert "rest_session_id" not in replies[4]
