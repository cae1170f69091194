"""What a request may look like, and the fields `scope`, `soap_session_id` and `rest_session_id`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request

COMMON = (
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


# ---- the whole request


@pytest.mark.parametrize(
    "stdin", [b"", b"null", b"{}", b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b"\n", b" \r\n{ }\r\n"], ids=repr
)
def test_a_request_that_says_nothing_takes_the_endpoint_from_the_environment(
    vcenter: SimulatedVCenter, helper: Helper, stdin: bytes
) -> None:
    reply = helper.run(
        "get",
        stdin=stdin,
        GOVC_URL=f"https://administrator%40vsphere.local:VMware1!@{vcenter.authority}/sdk",
        GOVC_TLS_CA_CERTS=vcenter.ca_file,
    )
    assert reply.fields["source"] == "login"


@pytest.mark.parametrize("stdin", [b"", b"null", b"{}", b"\xef\xbb\xbf{}"], ids=repr)
def test_a_request_that_says_nothing_without_an_environment_names_no_endpoint(helper: Helper, stdin: bytes) -> None:
    assert helper.run("get", stdin=stdin).kind == "invalid-request"


def test_a_request_may_span_lines_and_end_without_a_line_feed(vcenter: SimulatedVCenter, helper: Helper) -> None:
    text = json.dumps(request(vcenter, password=PASSWORD), indent=2).replace("\n", "\r\n")
    assert helper.run("get", stdin=text.encode()).fields["source"] == "login"


def test_a_request_with_a_byte_order_mark_is_read(vcenter: SimulatedVCenter, helper: Helper) -> None:
    text = json.dumps(request(vcenter, password=PASSWORD))
    assert helper.run("get", stdin=b"\xef\xbb\xbf" + text.encode()).fields["source"] == "login"


def test_a_request_of_exactly_one_mebibyte_is_read(vcenter: SimulatedVCenter, helper: Helper) -> None:
    text = json.dumps(request(vcenter, password=PASSWORD)).encode().ljust(1024 * 1024)
    assert helper.run("get", stdin=text).fields["source"] == "login"


def test_values_may_be_strings_booleans_and_numbers(vcenter: SimulatedVCenter, helper: Helper) -> None:
    fields = {"insecure": True, "reauth": False, "passthrough": 0}
    native = helper.ok("get", request(vcenter, password=PASSWORD, **fields))
    strings = helper.ok("get", request(vcenter, **{name: str(value).lower() for name, value in fields.items()}))
    assert strings == native | {"source": "cache"}


@pytest.mark.parametrize("nothing", [None, ""], ids=repr)
def test_null_and_the_empty_string_mean_not_given_in_every_field(
    vcenter: SimulatedVCenter, helper: Helper, nothing: object
) -> None:
    full = request(vcenter, password=PASSWORD)
    first = helper.ok("get", full)
    empty = {name: nothing for name in COMMON if name != "password"}
    assert helper.ok("get", empty | full) == first | {"source": "cache"}
    assert helper.ok("erase", empty | full | {"scope": nothing, "soap_session_id": nothing, "rest_session_id": nothing})


@pytest.mark.parametrize(
    ("verb", "wrong", "nearest"),
    [
        ("get", "pasword", "password"),
        ("get", "user", "username"),
        ("get", "Url", "url"),
        ("get", "thumb_print", "thumbprint"),
        ("get", "ca", "ca_file"),
        ("store", "soap_session", "soap_session_id"),
        ("erase", "scop", "scope"),
    ],
)
def test_a_field_that_is_not_known_is_refused_and_the_nearest_one_is_named(
    vcenter: SimulatedVCenter, helper: Helper, verb: str, wrong: str, nearest: str
) -> None:
    reply = helper.call(verb, request(vcenter) | {wrong: "s3cret"})
    assert reply.kind == "invalid-request"
    assert f'"{wrong}"' in reply.stderr
    assert f'"{nearest}"' in reply.stderr
    assert "s3cret" not in reply.stderr
    assert vcenter.requests == []


@pytest.mark.parametrize("wrong", [None, ""], ids=repr)
def test_a_field_that_is_not_known_is_refused_even_without_a_value(
    vcenter: SimulatedVCenter, helper: Helper, wrong: object
) -> None:
    assert helper.call("get", request(vcenter) | {"pasword": wrong}).kind == "invalid-request"


# ---- scope


@pytest.mark.parametrize(
    ("scope", "erased"),
    [(None, "password,soap,rest"), ("all", "password,soap,rest"), ("session", "soap,rest"), ("password", "password")],
)
def test_scope_says_what_erase_forgets(
    vcenter: SimulatedVCenter, helper: Helper, scope: str | None, erased: str
) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    first = helper.ok("get", request(vcenter))
    assert helper.ok("erase", request(vcenter, scope=scope)) == {"erased": erased}
    ended = "soap" in erased
    assert vcenter.session_count == (0 if ended else 2)
    assert Path(first["soap_session_file"]).exists() is not ended
    login = helper.call("get", request(vcenter, reauth=True))
    assert login.status == (3 if "password" in erased else 0)


@pytest.mark.parametrize("scope", ["everything", "soap"])
def test_scope_that_is_none_of_the_three_is_refused(vcenter: SimulatedVCenter, helper: Helper, scope: str) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    reply = helper.call("erase", request(vcenter, scope=scope))
    assert reply.kind == "invalid-request"
    assert "password" in reply.stderr
    assert vcenter.session_count == 2


@pytest.mark.parametrize("verb", ["get", "store"])
def test_scope_goes_with_erase_alone(vcenter: SimulatedVCenter, helper: Helper, verb: str) -> None:
    reply = helper.call(verb, request(vcenter, scope="all"))
    assert reply.kind == "invalid-request"
    assert "erase" in reply.stderr


# ---- soap_session_id, rest_session_id


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_session_id_names_the_session_that_store_adopts(vcenter: SimulatedVCenter, helper: Helper, kind: str) -> None:
    """`soap_session_id`, `rest_session_id` with `store`."""
    session_id = vcenter.add_session("administrator@vsphere.local", "soap" if kind == "soap" else "rest")
    assert helper.ok("store", request(vcenter) | {f"{kind}_session_id": session_id}) == {"stored": kind}
    reply = helper.ok("get", request(vcenter, api=kind))
    assert (reply[f"{kind}_session_id"], reply["source"]) == (session_id, "cache")
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_session_id_names_the_session_that_erase_ends_and_no_other(
    vcenter: SimulatedVCenter, helper: Helper, kind: str
) -> None:
    """`soap_session_id`, `rest_session_id` with `erase`."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    own = {session.id for session in vcenter.sessions}
    session_id = vcenter.add_session("administrator@vsphere.local", "soap" if kind == "soap" else "rest")
    assert helper.ok("erase", request(vcenter) | {f"{kind}_session_id": session_id}) == {"erased": kind}
    assert {session.id for session in vcenter.sessions} == own
    assert helper.sessions_in_files == own


def test_soap_session_id_may_come_in_the_quotes_of_the_cookie(vcenter: SimulatedVCenter, helper: Helper) -> None:
    session_id = vcenter.add_session("administrator@vsphere.local")
    assert helper.ok("store", request(vcenter, soap_session_id=f'"{session_id}"')) == {"stored": "soap"}
    assert helper.ok("get", request(vcenter, api="soap"))["soap_session_id"] == session_id


WHOLE = (
    "vmware_soap_session={id}",
    'vmware_soap_session="{id}"; Path=/; HttpOnly; Secure',
    'Cookie: other=1; vmware_soap_session="{id}"',
    "set-cookie: VMWARE_SOAP_SESSION={id};path=/",
    "vmware-api-session-id: {id}",
    " vmware-api-session-id={id}; Path=/rest; Secure",
    '"{id}"; Path=/',
)


@pytest.mark.parametrize("kind", ["soap", "rest"])
@pytest.mark.parametrize("whole", WHOLE)
def test_a_session_id_given_as_a_whole_cookie_or_header_is_the_id_in_it(
    vcenter: SimulatedVCenter, helper: Helper, kind: str, whole: str
) -> None:
    """With `store` and `erase`; what is sent, kept and handed out is the bare id."""
    session_id = vcenter.add_session("administrator@vsphere.local", "soap" if kind == "soap" else "rest")
    given = request(vcenter) | {f"{kind}_session_id": whole.format(id=session_id)}
    assert helper.ok("store", given) == {"stored": kind}
    assert helper.ok("get", request(vcenter, api=kind))[f"{kind}_session_id"] == session_id
    assert helper.ok("erase", given) == {"erased": kind}
    assert vcenter.session_count == 0
    assert helper.sessions_in_files == set()


@pytest.mark.parametrize("field", ["soap_session_id", "rest_session_id"])
@pytest.mark.parametrize(
    "value", ["vmware_soap_session=", "x=1; y=2", "vmware_soap_session=a b", "a;b", 'a"b', "a b", "ä", "a,b"]
)
def test_session_id_that_cannot_be_one_is_refused(
    vcenter: SimulatedVCenter, helper: Helper, field: str, value: str
) -> None:
    for verb in ("store", "erase"):
        reply = helper.call(verb, request(vcenter) | {field: value})
        assert reply.kind == "invalid-request"
        assert field in reply.stderr
    assert vcenter.requests == []


@pytest.mark.parametrize("field", ["soap_session_id", "rest_session_id"])
def test_session_id_means_nothing_to_get(vcenter: SimulatedVCenter, helper: Helper, field: str) -> None:
    assert helper.call("get", request(vcenter) | {field: "abc"}).kind == "invalid-request"
