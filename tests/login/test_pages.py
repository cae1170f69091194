"""The pages of these ways to log in: their lines log in as they stand there, and their errors are the program's."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from commands.serving import TOKEN, Serving, shared_token, trusting
from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest.certificate_files import written
from simulated_vcenter.ticket_server import TicketServer
from support.pages import snippet
from support.program import PASSWORD, USER, Helper
from vsphere_session.commands.serving.arguments import ServingOptions

ALICE, KEY = "alice@vsphere.local", "com.example.backup"


def configure(helper: Helper, vcenter: SimulatedVCenter, lines: str) -> None:
    """Write a page's lines, which are a heading and three at most."""
    assert len(lines.splitlines()) <= 4
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines, encoding="utf-8")
    path.chmod(0o600)
    helper.environment |= {"GOVC_URL": vcenter.url, "GOVC_TLS_CA_CERTS": vcenter.ca_file}


def said(helper: Helper, fields: Mapping[str, object] | None = None, **environment: str) -> str:
    """The message of a `get` that is refused."""
    reply = helper.call("get", {"api": "soap", **(fields or {})}, **environment)
    assert reply.status != 0, reply
    return reply.fields["message"] + "\n"


def test_ticket(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN, encoding="ascii")
    with TicketServer(vcenter, USER, token=TOKEN) as manager:
        place = {"vc.example.com": vcenter.authority}
        configure(
            helper,
            vcenter,
            snippet(
                "logins/ticket",
                "url",
                {
                    **place,
                    "https://sessions.example.com/session": manager.url,
                    "/run/secrets/tickets/token": str(token),
                    "robot@vsphere.local": USER,
                },
            ),
        )
        helper.environment["GOVC_TLS_CA_CERTS"] = f"{vcenter.ca_file}:{manager.ca_file}"
        assert helper.ok("get", {"api": "soap"})["source"] == "login"
        used = said(helper, {"ticket": manager.given[0], "reauth": True})
        assert used == snippet("logins/ticket", "used", place)
        manager.mode = "forbidden"
        names = {"sessions.example.com": manager.url.split("/")[2]}
        assert said(helper, {"reauth": True}) == snippet("logins/ticket", "forbidden", names)
        vcenter.end(manager.session_id)


def test_extension(helper: Helper, tmp_path: Path) -> None:
    own = keys.new_pair("backup")
    files, others = written(own, tmp_path), written(keys.new_pair("other"), tmp_path, "other")
    with SimulatedVCenter(tunnel=True) as vcenter:
        vcenter.register_extension(KEY, own.certificate_pem)
        place = {"vc.example.com": vcenter.authority}
        names = {"/etc/backup/extension.crt": files.certificate, "/etc/backup/extension.key": files.key}
        configure(helper, vcenter, snippet("logins/extension", "config", {**place, **names}))
        by_another: dict[str, object] = {"extension": KEY, "certificate": others.certificate, "private_key": others.key}
        port = said(helper, {"tunnel_port": "1"})
        assert port.endswith(snippet("logins/extension", "port"))
        helper.environment["GOVMOMI_TUNNEL_PROXY_PORT"] = str(vcenter.tunnel_port)
        assert said(helper, by_another) == snippet("logins/extension", "refused", place)
        assert helper.ok("get", {"api": "soap"})["username"] == KEY


def test_impersonate(helper: Helper) -> None:
    with SimulatedVCenter({USER: PASSWORD, ALICE: "x"}, impersonators=[]) as vcenter:
        place = {"vc.example.com": vcenter.authority}
        configure(helper, vcenter, snippet("logins/impersonate", "config", place))
        assert said(helper, GOVC_PASSWORD=PASSWORD) == snippet("logins/impersonate", "privilege", place)
    with SimulatedVCenter({USER: PASSWORD, ALICE: "x"}) as vcenter:
        place = {"vc.example.com": vcenter.authority}
        configure(helper, vcenter, snippet("logins/impersonate", "config", place))
        assert said(helper, GOVC_PASSWORD=PASSWORD) == snippet("logins/impersonate", "unknown", place)
        own = vcenter.add_session(ALICE)
        given = helper.ok("get", {"api": "soap"}, GOVC_PASSWORD=PASSWORD)
        assert given["username"] == "VSPHERE.LOCAL\\alice"
        vcenter.end(own)


def words_of(line: str) -> list[str]:
    """The words of a command that goes on over lines."""
    return shlex.split(line.replace("\\\n", " "))


def test_serving(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    serving = Serving(helper, vcenter, tmp_path)
    names = {
        "vc.example.com": vcenter.authority,
        "cpi@vsphere.local": USER,
        "0.0.0.0:8443": "127.0.0.1:0",
        "tls.crt": str(serving.certificate),
        "tls.key": str(serving.certificate),
        "--token-file tokens": f"--token-file {serving.token_file}",
    }
    _, *words = words_of(snippet("logins/serving", "file", names))
    serving.arguments = tuple(words)
    with serving:
        assert shared_token(serving.url, TOKEN, trusting(serving.ca_file))


def test_serving_in_a_cluster() -> None:
    _, _, _, *words = words_of(snippet("logins/serving", "review"))
    options = ServingOptions(words)
    assert options.place == ("0.0.0.0", 8443)
    assert options.others == ["--url", "vc.example.com"]
