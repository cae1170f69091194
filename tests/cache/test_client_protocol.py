"""govmomi's `Client` interface (MarshalJSON, UnmarshalJSON, Valid, Path), here a protocol that anyone can meet."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cache.bench import Bench
from vsphere_session import Client, RestClient, SessionError, SoapClient

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


@dataclass
class Notebook:
    """A third party's client: neither SOAP nor REST, and of no class of ours."""

    token: str = ""

    @property
    def path(self) -> str:
        """What stands in the cache's key."""
        return "/notebook"

    def marshal_json(self) -> bytes:
        """The bytes to keep."""
        return self.token.encode()

    def unmarshal_json(self, data: bytes) -> None:
        """Become what `data` says."""
        self.token = data.decode()

    def valid(self) -> bool:
        """Whether there is a token."""
        return bool(self.token)


def clients() -> list[Client]:
    """One client of each kind; that each of them meets the protocol is what the type checker says of this line."""
    return [SoapClient(), RestClient(), Notebook()]


def test_client_is_a_protocol_that_soap_rest_and_a_third_party_meet() -> None:
    assert [client.path for client in clients()] == ["/sdk", "/rest", "/notebook"]
    assert not any(client.valid() for client in clients())
    assert Client not in Notebook.__mro__


@BOTH
def test_client_marshals_to_the_file_and_unmarshals_to_the_same_session(bench: Bench, kind: str) -> None:
    client = bench.client(kind)
    bench.session().login(client)
    copy = bench.client(kind)
    copy.unmarshal_json(client.marshal_json())
    assert client.marshal_json() == bench.file(kind).read_bytes()
    assert copy.valid()
    assert copy.session_id == client.session_id
    assert copy.marshal_json() == client.marshal_json()


@BOTH
def test_client_without_a_session_is_not_valid_and_has_nothing_to_save(bench: Bench, kind: str) -> None:
    client = bench.client(kind)
    assert not client.valid()
    assert client.session_id == ""
    with pytest.raises(SessionError, match="no session to save"):
        client.marshal_json()


def test_a_third_party_client_is_saved_and_loaded_but_never_logged_in(bench: Bench) -> None:
    bench.session().save(Notebook("secret"))
    loaded, other = Notebook(), Notebook()
    assert bench.session(password=None).load(loaded)
    assert loaded.token == "secret"
    assert not bench.session("other@vsphere.local").load(other)
    assert not other.valid()
    with pytest.raises(SessionError, match="Notebook cannot log in") as refused:
        bench.session("other@vsphere.local").login(other)
    assert refused.value.kind == "unsupported"
    assert bench.operations == []


def test_a_third_party_client_has_a_private_file_of_its_own(bench: Bench) -> None:
    bench.session().save(Notebook("secret"))
    (file,) = (bench.home / ".govmomi/sessions").iterdir()
    assert file.name == bench.session().endpoint().file_name("/notebook", insecure=False)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not bench.session(passthrough=True).load(Notebook())
