"""Rows a to c of what govmomi's cache gets wrong, measured in execution: whose session it hands out."""

from __future__ import annotations

import pytest

from cache.bench import Bench
from simulated_vcenter import Fault
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from support.program import USER
from vsphere_session import Policy, RestClient, SessionError, SoapClient

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])
OTHER = "other@vsphere.local"


class Token:
    """Another way to log in than with a password; `asked` counts how often it was."""

    def __init__(self, bench: Bench, user: str) -> None:
        self._bench = bench
        self._user = user
        self.asked = 0

    def __call__(self, client: SoapClient | RestClient) -> None:
        """Leave the client with a session of that user."""
        self.asked += 1
        client.adopt(self._bench.vcenter.add_session(self._user, "soap" if client.kind == "soap" else "rest"))


@pytest.fixture
def other(bench: Bench) -> str:
    """A second user."""
    bench.vcenter.set_password(OTHER, "Other1!")
    return OTHER


# ---- a, b: whose session it is


@BOTH
@pytest.mark.parametrize("login_as", ["token:other", ""], ids=["named", "unnamed"])
def test_a_another_login_callback_is_called(bench: Bench, other: str, kind: str, login_as: str) -> None:
    """With govc's -as, -token, -ticket, -extension and a cached session none of them was called, and nobody said so."""
    bench.session().login(bench.client(kind))
    token, client = Token(bench, other), bench.client(kind)
    assert bench.by(token, login_as).login(client)
    assert token.asked == 1
    assert "other" in client.username


@BOTH
def test_a_what_another_callback_logged_in_is_not_given_to_the_password(bench: Bench, other: str, kind: str) -> None:
    bench.by(Token(bench, other), "token").login(bench.client(kind))
    client = bench.client(kind)
    assert bench.session().login(client)
    assert "administrator" in client.username


@BOTH
def test_a_the_same_callback_finds_its_own_session_and_no_other_does(bench: Bench, kind: str) -> None:
    mine, another = Token(bench, USER), Token(bench, USER)
    for token, login_as in ((mine, "vault:a"), (mine, "vault:a"), (another, "vault:b"), (another, "vault:b")):
        bench.by(token, login_as).login(bench.client(kind))
    assert (mine.asked, another.asked) == (1, 1)


@BOTH
def test_b_two_principals_without_a_user_name_get_their_own_sessions(bench: Bench, other: str, kind: str) -> None:
    """Both have the key `https://@host/sdk`: the second one got the first one's session."""
    names = []
    for user in (USER, other):
        client = bench.client(kind)
        bench.by(Token(bench, user), user, username="").login(client)
        names.append(client.username)
    assert "administrator" in names[0]
    assert "other" in names[1]


@BOTH
def test_b_without_a_user_name_a_callback_that_says_not_for_whom_logs_in_each_time(bench: Bench, kind: str) -> None:
    token = Token(bench, USER)
    for _ in range(2):
        assert bench.by(token, username="").login(bench.client(kind))
    assert token.asked == 2


@BOTH
def test_b_a_session_of_somebody_else_in_the_file_is_not_used(bench: Bench, other: str, kind: str) -> None:
    """Whatever put it there: the server says whose it is."""
    bench.session().login(bench.client(kind))
    foreign = bench.vcenter.add_session(other, "soap" if kind == "soap" else "rest")
    before = bench.file(kind).read_text()
    bench.file(kind).write_text(before.replace(next(iter(bench.live - {foreign})), foreign))
    with pytest.raises(SessionError, match=r"belongs to .*other"):
        bench.session(password=None).login(bench.client(kind))
    client = bench.client(kind)
    bench.session().login(client)
    assert client.session_id != foreign
    bench.vcenter.end_all()


@BOTH
@pytest.mark.parametrize("how", ["login", "reauth", "erase"])
@pytest.mark.parametrize("recorded", [False, True], ids=["unknown", "with the other's record"])
def test_b_a_session_of_somebody_else_in_the_file_is_not_ended_either(
    bench: Bench, other: str, kind: str, how: str, recorded: bool
) -> None:
    """Its owner goes on using it. Also not where file and record of another user were put in place of one's own."""
    theirs, mine = bench.client(kind), bench.client(kind)
    bench.session(other, "Other1!").login(theirs)
    (record,) = bench.records
    bench.session().login(mine)
    bench.file(kind).write_bytes(bench.file(kind, other).read_bytes())
    if recorded:
        (own,) = set(bench.records) - {record}
        own.write_bytes(record.read_bytes())
    client = bench.client(kind)
    if how == "erase":
        with pytest.raises(SessionError, match="belongs to somebody else"):
            bench.session().erase(client)
        assert not bench.file(kind).exists()
    else:
        assert bench.session(reauth=how == "reauth").login(client)
        assert client.session_id not in (theirs.session_id, mine.session_id)
    assert theirs.session_id in bench.live
    assert bench.session(other, None, policy=Policy(verify="always")).load(bench.client(kind))
    bench.vcenter.end_all()


@BOTH
def test_b_a_session_that_the_server_now_gives_to_somebody_else_is_not_used(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))

    def give_away(exchange: Exchange) -> None:
        answer = exchange.perform()
        exchange.send(Response(200, answer.body.replace(b"administrator", b"other"), {"Content-Type": "text/xml"}))

    bench.vcenter.faults.add("RetrievePropertiesEx" if kind == "soap" else "GET /api/session", Fault(give_away))
    with pytest.raises(SessionError, match=r"belongs to .*other"):
        bench.asking().login(bench.client(kind))


# ---- c: the wrong password


@BOTH
def test_c_a_wrong_password_is_found_out_with_reauth_and_the_cached_session_lives_on(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    before = bench.file(kind).read_bytes()
    with pytest.raises(SessionError) as refused:
        bench.session(password="wrong", reauth=True).login(bench.client(kind))
    assert refused.value.kind == "login-refused"
    assert bench.file(kind).read_bytes() == before
    assert bench.asking().load(bench.client(kind))
    assert bench.vcenter.login_attempts == 2, "one of them refused, and not tried again"
