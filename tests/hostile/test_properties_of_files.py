"""What holds for every cache file and record: reading never fails, and what was written is read again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hostile.strategies import good_urls, json_values, one_line, thorough, with_something_else
from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.govmomi_format import (
    StoredSession,
    read_rest,
    read_soap,
    write_rest,
    write_soap,
)
from vsphere_session.cache.policy import Policy
from vsphere_session.cache.record import Known, Record
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.vsphere.service_content import ABOUT, ABOUT_ALWAYS
from vsphere_session.vsphere.session_id import is_session_id

session_ids = st.from_regex(r"[!#-+\--:<-\[\]-~]{1,60}", fullmatch=True)
references = st.fixed_dictionaries({"type": one_line, "value": one_line})
manager = st.fixed_dictionaries({"type": st.just("SessionManager"), "value": st.sampled_from(["SessionManager", "ha-sessionmgr"])})  # fmt: skip
collector = st.fixed_dictionaries({"type": st.just("PropertyCollector"), "value": st.sampled_from(["propertyCollector", "ha-property-collector"])})  # fmt: skip
contents: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "rootFolder": references,
        "propertyCollector": collector,
        "about": st.fixed_dictionaries(
            dict.fromkeys(ABOUT_ALWAYS, one_line),
            optional={name: one_line.filter(bool) for name in ABOUT if name not in ABOUT_ALWAYS},
        ),
        "sessionManager": manager,
    },
    optional=dict.fromkeys(("setting", "perfManager", "directPathProfileManager"), references),
)


@st.composite
def stored_sessions(draw: st.DrawFn) -> StoredSession:
    """A SOAP session of any endpoint; for REST its content counts for nothing."""
    endpoint = parse_endpoint(draw(good_urls())[0])
    insecure, quoted = draw(st.booleans()), draw(st.booleans())
    return StoredSession(
        draw(session_ids),
        endpoint.scheme,
        endpoint.authority,
        insecure=insecure,
        quoted=quoted,
        content=draw(contents),
    )


def values(session: StoredSession | None) -> tuple[object, ...]:
    """All that is in it, to compare."""
    assert session is not None
    content = json.dumps(session.content, sort_keys=True)
    return session.session_id, session.scheme, session.authority, session.insecure, session.quoted, content


# ---- there and back again


@thorough
@given(stored_sessions(), st.sampled_from([b"", b"x", b'{"SessionID": "y"}', b"\xff" * 100]))
def test_a_soap_file_that_is_written_is_read_again_whatever_tail_it_has(session: StoredSession, tail: bytes) -> None:
    written = write_soap(session, "/sdk")
    assert values(read_soap(written + tail)) == values(session)
    assert written.endswith(b"}\n")
    assert len(written.splitlines()) == 1


@thorough
@given(stored_sessions(), st.sampled_from([b"", b"x", b'{"SessionID": "y"}', b"\xff" * 100]))
def test_a_rest_file_that_is_written_is_read_again_whatever_tail_it_has(session: StoredSession, tail: bytes) -> None:
    session.content, session.quoted = None, False
    assert values(read_rest(write_rest(session, "/rest") + tail)) == values(session)


@thorough
@given(session_ids.filter(lambda text: text[0] not in '{["'))
def test_a_bare_session_id_is_a_rest_session_of_any_server(session_id: str) -> None:
    session = read_rest(session_id.encode() + b"\n")
    assert session is not None
    assert (session.session_id, session.authority) == (session_id, "")


knowns = st.builds(
    Known,
    st.text(max_size=32),
    username=st.text(max_size=20),
    login=st.text(max_size=20),
    form=st.sampled_from(["", "api", "rest"]),
    api_version=st.text(max_size=10),
    login_at=st.floats(allow_nan=False, allow_infinity=False),
    confirmed_at=st.floats(allow_nan=False, allow_infinity=False),
)


@thorough
@given(st.dictionaries(st.sampled_from(["soap", "rest"]), knowns))
def test_a_record_that_is_saved_is_loaded_again(kinds: dict[str, Known]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        record = Record(str(Path(directory) / "record"))
        record.change(kinds)
        loaded = Record(record.path).kinds
    assert loaded.keys() == kinds.keys()
    for kind, known in kinds.items():
        assert all(getattr(loaded[kind], name) == getattr(known, name) for name in Known.__slots__)


# ---- nonsense


def assert_sound(client: SoapClient | RestClient) -> None:
    """Whatever a client has read, it is no session, or one that can be asked about and written."""
    if not client.valid():
        assert client.stored is None
        return
    assert is_session_id(client.session_id)
    assert client.stored is not None
    assert isinstance(client.stored.belongs_to(parse_endpoint("vc"), insecure=False), bool)
    if not client.stored.authority:
        return  # a bare session id is never written again
    written = client.marshal_json()
    if isinstance(client, SoapClient):
        assert isinstance(client.api_version, str)
        assert all(isinstance(part, int) for part in client.version)
        assert isinstance(client.serves_soap_only, bool)
        assert read_soap(written) is not None
    else:
        assert read_rest(written) is not None


def read_both(data: bytes) -> None:
    for client in (SoapClient(), RestClient()):
        client.unmarshal_json(data)
        assert_sound(client)


@thorough
@given(st.binary(max_size=200) | st.text().map(str.encode) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_session_or_none(data: bytes) -> None:
    read_both(data)


@thorough
@given(st.data())
def test_a_file_with_anything_at_any_place_is_a_session_or_none(data: st.DataObject) -> None:
    session = data.draw(stored_sessions())
    for written in (write_soap(session, "/sdk"), write_rest(session, "/rest")):
        changed = data.draw(with_something_else(json.loads(written)))
        read_both(json.dumps(changed).encode())
        read_both(json.dumps(data.draw(with_something_else(changed)), ensure_ascii=False).encode("utf-8", "replace"))


SAVED: dict[str, Any] = {
    "digest": "0" * 32,
    "username": "user",
    "login": "password:user",
    "form": "api",
    "api_version": "8.0.2.0",
    "login_at": 1_800_000_000.25,
    "confirmed_at": 1_800_000_000.5,
}


@thorough
@given(with_something_else({"version": 1, "soap": SAVED, "rest": SAVED}), st.floats(0, 4e9))
def test_a_record_with_anything_at_any_place_is_a_record_or_none(changed: object, now: float) -> None:
    """And what it says can be weighed, whatever numbers are in it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "record"
        path.write_text(json.dumps(changed), encoding="utf-8")
        kinds = Record(str(path)).kinds
    for known in kinds.values():
        assert all(isinstance(getattr(known, name), str) for name in ("username", "login", "form", "api_version"))
        for verify in ("auto", "always", "never"):
            policy = Policy(verify=verify)
            if policy.trusts(known, now):
                assert now < policy.expires_at(known) <= now + policy.idle_limit
