"""Codes, verifiers, tokens and clients' secrets: nowhere but where they belong, whatever happens and however much is told."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl

from login.broker.by_hand import address_after
from login.broker.site import ALICE, EXCHANGE, PASSWORD, TOKEN, Opened, Site, login
from promises.canaries import SHAPES
from simulated_vcenter import faults
from support.program import Reply

SECRET = "canary-of-the-client-Zq7Kx9Wv3Jp5"
HIDDEN = ("code", "code_verifier", "refresh_token", "client_secret", "api_token", "subject_token", "password")


def secrets_of(site: Site) -> set[str]:
    """All that the broker has given out or was shown, and that vCenter was shown for it, a part of each that nothing quotes."""
    found = {SECRET, *site.broker.given.codes, *site.broker.given.refresh, *site.broker.given.api_tokens}
    for request in site.vcenter.requests:
        authorization = request.headers.get("authorization", "")
        if authorization.startswith("Bearer "):
            found |= {authorization.split(".")[-1], authorization.split(".")[1]}
        if "form-urlencoded" in request.headers.get("content-type", ""):
            form = dict(parse_qsl(request.body.decode()))
            found |= {form[name].split(".")[-1] for name in HIDDEN if name in form}
        if b"SignatureValue>" in request.body:
            found.add(request.body.partition(b"SignatureValue>")[2].partition(b"<")[0].split()[0].decode())
    return {secret for secret in found if len(secret) > 7}


def shown(data: bytes, secrets: set[str]) -> set[str]:
    """Those that are in `data`, in any shape."""
    return {secret for secret in secrets if any(shape(secret.encode()) in data for shape in SHAPES.values())}


def in_files(site: Site, secrets: set[str]) -> Iterator[tuple[str, set[str]]]:
    """The files in the home that hold one."""
    for path in site.helper.home.rglob("*"):
        if path.is_file():
            found = shown(path.read_bytes(), secrets)
            if found:
                yield path.name, found


def processes(site: Site) -> bytes:
    """The command lines and the environments of all that has this home, as far as one may look."""
    told = b""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found = (process / "environ").read_bytes() + b"\0" + (process / "cmdline").read_bytes()
            except OSError:  # it is gone, or not ours
                continue
            told += found if os.fsencode(site.helper.home) in found else b""
    return told


def test_in_no_output_and_no_file_but_the_store(site: Site) -> None:
    """With `-vv`, at logins that work and at some that do not."""
    replies = [_by_a_person(site)]
    site.vcenter.end_all()
    replies += [site.get("-vv", verify="always")]  # by the refresh token
    for where, fault in ((TOKEN, faults.status(400, b'{"error": "invalid_scope"}')), (EXCHANGE, faults.status(500))):
        site.vcenter.end_all()
        site.vcenter.faults.add(where, fault)
        replies += [site.get("-vv", verify="always")]
        site.vcenter.faults.clear()
    replies += list(_by_programs(site))
    assert [reply.status for reply in replies] == [0, 0, 4, 5, 0, 4, 0, 0, 4, 0]
    secrets = secrets_of(site)
    assert len(secrets) > 15
    for reply in replies:
        assert not shown(reply.stdout + reply.stderr.encode(), secrets), reply
    assert [name for name, _ in in_files(site, secrets)] == ["secrets.json"]
    assert (
        shown(json.dumps(site.kept).encode(), secrets) == {*site.kept} < {*site.good_refresh_tokens}
    )  # that of a password is dropped


def test_in_no_process(site: Site, opened: Opened) -> None:
    """A call that hangs with all of it in its memory, and the browser that it has started."""
    fault = site.vcenter.faults.add(EXCHANGE, faults.stall(), times=1)
    with login(site, "-vv", BROWSER=opened.program) as under_way:
        address = under_way.url()
        told = "\n".join(opened.told())
        bring_later(address_after(site, address))
        assert fault.reached.wait(60)
        secrets = secrets_of(site)
        assert len(secrets) >= 4
        running = processes(site)
        assert b"\0login\0" in running
        assert not shown(running, secrets)
        assert not shown(told.encode(), secrets)
        under_way.process.kill()
        reply = under_way.end()
    assert not shown(reply.stdout + reply.stderr.encode(), secrets)
    assert [name for name, _ in in_files(site, secrets)] == ["secrets.json"] * bool(site.kept)


def bring_later(address: str) -> None:
    """What the browser does with the address, without waiting for the page."""

    def bring() -> None:
        try:
            with urllib.request.urlopen(address):
                pass
        except OSError:  # the command was killed
            pass

    Thread(target=bring, daemon=True).start()


def _by_a_person(site: Site) -> Reply:
    with login(site, "-vv") as under_way:
        with urllib.request.urlopen(address_after(site, under_way.url())) as page:
            assert "Logged in" in page.read().decode()
        return under_way.end()


def _by_programs(site: Site) -> Iterator[Reply]:
    site.broker.register_client("robot", secret=SECRET, pkce_enforced=False)
    site.configure('client_id = "robot"', 'grant = "client_credentials"')
    yield site.get("-vv", client_secret=SECRET)
    yield site.get("-vv", client_secret=f"{SECRET}-wrong", reauth=True)
    site.configure('client_id = "cli"', 'grant = "password"', f'username = "{ALICE}"')
    yield site.get("-vv", password=PASSWORD, reauth=True)
    site.configure()
    yield site.get("-vv", api_token=site.broker.issue_api_token(ALICE))
    yield site.get("-vv", api_token=f"vidb_{SECRET}")
    site.broker.mapped["ci"] = ALICE
    yield site.get("-vv", idp_token=site.broker.issue_foreign_jwt("ci"))
