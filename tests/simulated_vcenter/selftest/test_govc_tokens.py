"""govc's tokens go through every check, and both judges take what it signs; what is wrong is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from peers import Govc
from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.judges import verdicts
from simulated_vcenter.selftest.certificate_files import written
from simulated_vcenter.sts import Sts

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
ROBOT, STRANGER = keys.new_pair("robot-1"), keys.new_pair("robot-2")
BOTH = {"signxml": "", "xmlsec": ""}


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        server.sts.register_solution_user("robot-1", ROBOT.certificate)
        yield server


def govc(
    vc: SimulatedVCenter, home: Path, pair: keys.KeyPair | None = None, password: str = PASSWORD, user: str = USER
) -> Govc:
    """With nothing of its cache; without a user if that is empty, with a certificate if that is given."""
    directory = home / f"govc-{len(list(home.iterdir()))}"
    directory.mkdir()
    client = Govc(directory, vc.url, user or None, password if user else None, ca_file=Path(vc.ca_file))
    if pair is not None:
        client.environment |= written(pair, directory).for_govc
    return client


def test_a_password_gives_a_token_and_that_sessions_of_both_kinds(vc: SimulatedVCenter, tmp_path: Path) -> None:
    token = govc(vc, tmp_path).ok("session.login", "-issue")
    govc(vc, tmp_path, user="").ok("session.login", "-token", token, "-r")
    assert [(session.user, session.kind) for session in vc.sessions] == [(USER, "soap"), (USER, "rest")]
    assert vc.refusals == []
    assert verdicts(token, vc.sts.signer.certificate) == BOTH


@pytest.mark.parametrize(("user", "owner"), [("", "robot-1@vsphere.local"), (USER, USER)])
def test_a_certificate_gives_a_bound_token_and_that_sessions_of_both_kinds(
    vc: SimulatedVCenter, tmp_path: Path, user: str, owner: str
) -> None:
    token = govc(vc, tmp_path, ROBOT, user=user).ok("session.login", "-issue")
    govc(vc, tmp_path, ROBOT, user="").ok("session.login", "-token", token, "-r")
    assert [(session.user, session.kind) for session in vc.sessions] == [(owner, "soap"), (owner, "rest")]
    assert vc.refusals == []
    bodies = [each.body for each in vc.requests if b"SignatureValue" in each.body and b"SignedInfo" in each.body]
    assert [verdicts(body, ROBOT.certificate) for body in bodies] == [BOTH, BOTH]


def test_the_life_that_is_asked_for_is_granted_up_to_the_limit(vc: SimulatedVCenter, tmp_path: Path) -> None:
    def life(*how: str) -> float:
        token = govc(vc, tmp_path).ok("session.login", "-issue", *how)
        ends, begins = (
            datetime.fromisoformat(token.partition(f' {name}="')[2].partition('"')[0])
            for name in ("NotOnOrAfter", "NotBefore")
        )
        return round((ends - begins).total_seconds())

    assert (life("-lifetime", "60s"), life("-lifetime", "1h")) == (60, 300)


def test_a_wrong_password_gives_no_token(vc: SimulatedVCenter, tmp_path: Path) -> None:
    assert "Invalid credentials" in govc(vc, tmp_path, password="wrong").run("session.login", "-issue").stderr
    assert vc.refusals == ["wrong password"]


def test_a_certificate_that_nobody_registered_gives_no_token(vc: SimulatedVCenter, tmp_path: Path) -> None:
    assert "Invalid credentials" in govc(vc, tmp_path, STRANGER, user="").run("session.login", "-issue").stderr
    assert vc.refusals == ["no solution user has a certificate of this subject"]


@pytest.mark.parametrize("pair", [None, STRANGER])
def test_a_bound_token_is_nothing_without_its_key(
    vc: SimulatedVCenter, tmp_path: Path, pair: keys.KeyPair | None
) -> None:
    token = govc(vc, tmp_path, ROBOT, user="").ok("session.login", "-issue")
    refused = govc(vc, tmp_path, pair, user="").run("session.login", "-token", token)
    assert "incorrect user name or password" in refused.stderr
    assert vc.session_count == 0


def test_a_token_that_was_changed_or_has_expired_is_nothing(vc: SimulatedVCenter, tmp_path: Path) -> None:
    token = govc(vc, tmp_path).ok("session.login", "-issue")
    assert govc(vc, tmp_path, user="").run("session.login", "-token", token.replace("admin", "bdmin", 1)).returncode
    vc.clock.advance(301)
    assert govc(vc, tmp_path, user="").run("session.login", "-token", token).returncode
    assert [reason[:15] for reason in vc.refusals] == ["the token's sig", "the token has e"]


def test_acting_as_somebody_and_renewing_are_refused(vc: SimulatedVCenter, tmp_path: Path) -> None:
    token = govc(vc, tmp_path).ok("session.login", "-issue")
    refused = govc(vc, tmp_path, ROBOT, user="").run("session.login", "-issue", "-token", token)
    assert "Access not authorized!" in refused.stderr
    bound = govc(vc, tmp_path, ROBOT, user="").ok("session.login", "-issue")
    refused = govc(vc, tmp_path, ROBOT, user="").run("session.login", "-renew", "-token", bound)
    assert refused.returncode != 0
    assert "not renewable" in refused.stderr


def test_an_expired_signing_certificate_is_told(vc: SimulatedVCenter, tmp_path: Path) -> None:
    vc.sts.expire_signing_certificate()
    told = govc(vc, tmp_path).run("session.login", "-issue").stderr
    assert "Signing certificate is not valid" in told
