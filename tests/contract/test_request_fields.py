"""The request fields `url`, `username`, `password`, `api`, `reauth`, `passthrough`, `output`, and their shape."""

from __future__ import annotations

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

FIELDS_OF_GET = (
    "url",
    "username",
    "password",
    "api",
    "insecure",
    "ca_file",
    "thumbprint",
    "reauth",
    "passthrough",
    "verify",
    "output",
)
AT = "administrator%40vsphere.local"


# ---- url


@pytest.mark.parametrize(
    "form",
    [
        "{at}@{place}",
        "{at}:VMware1!@{place}",
        "{at}@{place}/",
        "{at}@{place}/sdk",
        "https://{at}@{place}",
        "https://{at}:VMware1!@{place}/sdk",
        "HTTPS://{at}@{place}/sdk/",
        "https://{at}@{place}/sdk?key=value#fragment",
    ],
)
def test_url_is_taken_in_every_form_of_govc_url_and_all_mean_the_same_session(
    vcenter: SimulatedVCenter, helper: Helper, form: str
) -> None:
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    url = form.format(at=AT, place=vcenter.authority)
    again = helper.ok("get", {"url": url, "ca_file": vcenter.ca_file})
    assert again == first | {"source": "cache"}


def test_url_with_user_and_password_is_a_login(vcenter: SimulatedVCenter, helper: Helper) -> None:
    url = f"https://{AT}:VMware1%21@{vcenter.authority}/sdk"
    assert helper.ok("get", {"url": url, "ca_file": vcenter.ca_file})["source"] == "login"


def test_url_may_be_an_ipv6_address_in_brackets(helper: Helper) -> None:
    with SimulatedVCenter(host="::1") as vcenter:
        reply = helper.ok("get", request(vcenter, password=PASSWORD))
        assert reply["url"] == f"https://{AT}@{vcenter.authority}/sdk"
        assert vcenter.authority.startswith("[::1]:")


def test_url_may_be_plain_http(helper: Helper) -> None:
    with SimulatedVCenter(tls=False) as vcenter:
        reply = helper.ok("get", {"url": f"http://{vcenter.authority}", "username": USER, "password": PASSWORD})
        assert reply["url"] == f"http://{AT}@{vcenter.authority}/sdk"


def test_url_whose_password_is_wrong_never_shows_it(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """A password in `url` is accepted and never printed, stored in a file name or logged."""
    secret = "s3cr3t-Gamma"
    good = f"https://{AT}:VMware1!@{vcenter.authority}/sdk"
    replies = [
        helper.call("get", {"url": good.replace("VMware1!", secret), "ca_file": vcenter.ca_file}, "-vv"),
        helper.call("get", {"url": good, "ca_file": vcenter.ca_file}, "-vv"),
        helper.call("get", {"url": f"https://{AT}:{secret}@{vcenter.authority}/a@b"}, "-vv"),
        helper.call("get", {"url": f"https://{AT}:{secret}@{vcenter.authority}:x"}, "-vv"),
        helper.call("get", {"url": f"ftp://{AT}:{secret}@{vcenter.authority}"}, "-vv"),
        helper.call("get", {"url": f"https://{AT}:{secret}%zz@{vcenter.authority}"}, "-vv"),
        helper.call("get", {"url": f"https://{AT}:{secret} @{vcenter.authority}"}, "-vv"),
    ]
    assert [reply.status for reply in replies] == [4, 0, 2, 2, 2, 2, 2]
    written = [path.name.encode() + path.read_bytes() for path in helper.home.rglob("*") if path.is_file()]
    assert written
    said = b"".join([*(reply.stdout + reply.stderr.encode() for reply in replies), *written])
    assert secret.encode() not in said
    assert PASSWORD.encode() not in said


@pytest.mark.parametrize(
    "path", ["/%E2%82%AC", "/€", "/a%0D%0AX-Injected:%20yes", "/a%20b"], ids=["escaped", "bare", "line break", "space"]
)
def test_url_with_a_path_that_no_server_has_cannot_break_the_request(
    vcenter: SimulatedVCenter, helper: Helper, path: str
) -> None:
    reply = helper.call("get", request(vcenter, url=vcenter.authority + path, password=PASSWORD))
    assert reply.kind in {"unsupported", "invalid-request"}
    assert not any("x-injected" in seen.headers for seen in vcenter.requests)


# ---- username, password


def test_username_wins_over_the_user_in_the_url(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.ok("get", request(vcenter, url=f"somebody@{vcenter.authority}", password=PASSWORD))
    assert reply["username"] == r"VSPHERE.LOCAL\administrator"


def test_username_and_password_may_be_numbers(helper: Helper) -> None:
    with SimulatedVCenter({"1234": "5678"}) as vcenter:
        reply = helper.run(
            "get",
            stdin=b'{"url": "%s", "insecure": true, "username": 1234, "password": 5678}' % vcenter.authority.encode(),
        )
        assert reply.fields["username"] == "1234"


@pytest.mark.parametrize("password", ["<&>\"'`$(x)\\", "ünï©ødé €", "a:b@c/d", " spaces ", "%41%zz"])
def test_password_reaches_the_server_as_it_was_given(helper: Helper, password: str) -> None:
    with SimulatedVCenter({USER: password}) as vcenter:
        assert helper.ok("get", request(vcenter, password=password))["source"] == "login"


def test_password_that_is_empty_counts_as_given(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """`""` means "not given", except in `password`: an empty one is not replaced by the environment's."""
    reply = helper.call("get", request(vcenter, password=""), GOVC_PASSWORD=PASSWORD)
    assert reply.kind == "login-refused"


def test_password_that_is_null_is_looked_up_elsewhere(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.ok("get", request(vcenter, password=None), GOVC_PASSWORD=PASSWORD)["source"] == "login"


def test_password_is_not_needed_for_a_cached_session(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("get", request(vcenter))["source"] == "cache"


# ---- api


@pytest.mark.parametrize(("api", "kinds"), [("soap", {"soap"}), ("rest", {"rest"}), ("both", {"soap", "rest"})])
def test_api_says_which_sessions_are_made_and_handed_out(
    vcenter: SimulatedVCenter, helper: Helper, api: str, kinds: set[str]
) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD, api=api))
    assert {kind for kind in ("soap", "rest") if f"{kind}_session_id" in reply} == kinds
    assert {kind for kind in ("soap", "rest") if f"{kind}_session_file" in reply} == kinds
    assert {session.kind for session in vcenter.sessions} == kinds


def test_api_is_both_when_nobody_says_otherwise(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert {"soap_session_id", "rest_session_id"} <= set(helper.ok("get", request(vcenter, password=PASSWORD)))


def test_api_both_means_soap_on_an_esxi_host_cached_or_not(helper: Helper) -> None:
    with SimulatedVCenter({"root": "pw"}, esxi=True) as esxi:
        for source in ("login", "cache"):
            reply = helper.ok("get", request(esxi, username="root", password="pw", api="both"))
            assert reply["source"] == source
            assert "soap_session_id" in reply
            assert not any(name.startswith("rest") for name in reply)


# ---- reauth


def test_reauth_logs_in_replaces_the_cached_session_and_ends_the_old_one(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    old = helper.ok("get", request(vcenter, password=PASSWORD))
    new = helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    assert new["source"] == "login"
    assert {session.id for session in vcenter.sessions} == {new["soap_session_id"], new["rest_session_id"]}
    assert old["soap_session_id"] != new["soap_session_id"]
    assert helper.sessions_in_files == {new["soap_session_id"], new["rest_session_id"]}


def test_reauth_false_is_as_if_it_were_not_there(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("get", request(vcenter, password=PASSWORD, reauth=False))["source"] == "cache"


# ---- output


def test_output_files_shows_the_paths_and_no_session_id(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, output="files"))
    assert set(reply.fields) == {"url", "username", "source", "soap_session_file", "rest_session_file", "expires_at", "api_version"}  # fmt: skip
    assert not any(session.id.encode() in reply.stdout for session in vcenter.sessions)


def test_output_tokens_is_the_default(vcenter: SimulatedVCenter, helper: Helper) -> None:
    default = helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("get", request(vcenter, output="tokens")) == default | {"source": "cache"}


def test_output_files_together_with_passthrough_has_nothing_to_show(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = request(vcenter, password=PASSWORD, output="files", passthrough=True)
    assert helper.call("get", fields).kind == "invalid-request"
    assert vcenter.login_attempts == 0
