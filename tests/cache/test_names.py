"""The names of cache files: Go's spelling of the endpoint, its user and `insecure`, hashed as govc does."""

from __future__ import annotations

import hashlib
import string
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peers
from vsphere_session import Endpoint, Session, SessionError, parse_endpoint

ODD = "a:b/c?d e!$&+,;=~'()*"

VECTORS = {
    ("https://vc.example.com", "administrator@vsphere.local"): (
        "https://administrator%40vsphere.local@vc.example.com/sdk#insecure=false",
        "d52a3189e074ba7b9eda83e8ca3e7774ef42f8eae58d8c15686f981bcd7782e1",
    ),
    ("https://vc.example.com", r"DOM\user"): (
        "https://DOM%5Cuser@vc.example.com/sdk#insecure=false",
        "82db5b27ad856090f3c9d28dcc06adb2ad470ecf0e36f4d7c4a64ab78b0dbb51",
    ),
    ("https://vc.example.com", ""): (
        "https://@vc.example.com/sdk#insecure=false",
        "fdb7450531aab6fc653eeccee3624051eaa45db991a3a6f653493c13b4424b5e",
    ),
    ("https://vc.example.com", ODD): (
        "https://a%3Ab%2Fc%3Fd%20e%21$&+,;=~%27%28%29%2A@vc.example.com/sdk#insecure=false",
        "4d313fc519726f24a63aef2f6bfa6bee65befbc40f17ecd2be1703875704e5ad",
    ),
    ("https://vc.example.com", "üser"): (
        "https://%C3%BCser@vc.example.com/sdk#insecure=false",
        "0f564795a97e3e53b3c6029585cbbfa9eef4bf12b1c9b885fe1502e33041b3d0",
    ),
}


def go_spelling(url: str, username: str | None = None) -> str | None:
    """The endpoint of a GOVC_URL as the real govc spells it, which its help shows; None if it takes none of it."""
    if username is not None:
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://{quote(username, safe='')}@{rest}"
    shown = subprocess.run([peers.build().govc, "about", "-h"], env={"GOVC_URL": url}, capture_output=True, check=False)
    line = next(line for line in (shown.stdout + shown.stderr).decode().splitlines() if line.startswith("  -u="))
    return line.removeprefix("  -u=").removesuffix("ESX or vCenter URL [GOVC_URL]").rstrip(" ") or None


def go_name(spelling: str, path: str, *, insecure: bool) -> str:
    """The file name that follows from Go's spelling of an endpoint with the path `/sdk`."""
    key = f"{spelling.removesuffix('/sdk')}{path}#insecure={str(insecure).lower()}"
    return hashlib.sha256(key.encode()).hexdigest()


# ---- vectors


@pytest.mark.parametrize(("url", "username"), VECTORS, ids=[name or "none" for _, name in VECTORS])
def test_vector(url: str, username: str) -> None:
    key, name = VECTORS[url, username]
    endpoint = parse_endpoint(url).with_user(username)
    assert endpoint.key("/sdk", insecure=False) == key
    assert endpoint.file_name("/sdk", insecure=False) == name
    assert endpoint.legacy_file_name("/sdk", insecure=False) == hashlib.sha1(key.encode()).hexdigest()


@pytest.mark.parametrize(("url", "username"), VECTORS, ids=[name or "none" for _, name in VECTORS])
def test_vector_is_what_govc_spells(url: str, username: str) -> None:
    key, name = VECTORS[url, username]
    spelling = go_spelling(url, username)
    assert spelling is not None
    assert f"{spelling}#insecure=false" == key
    assert go_name(spelling, "/sdk", insecure=False) == name


def test_the_file_of_soap_the_file_of_rest_and_those_of_insecure_are_four_files_in_two_directories(home: Path) -> None:
    files = set()
    for insecure in (False, True):
        session = Session("me@vc.example.com", insecure=insecure, environ={"HOME": str(home)})
        for directory, path in ((session.dir_soap, "/sdk"), (session.dir_rest, "/rest")):
            expected = hashlib.sha256(f"https://me@vc.example.com{path}#insecure={str(insecure).lower()}".encode())
            files.add(session.repository.file(path))
            assert session.repository.file(path) == f"{directory}/{expected.hexdigest()}"
    assert len(files) == 4


# ---- what counts for the name, and what does not


SAME = ["me:secret@vc", "https://me@vc", "https://me@vc/", "https://me@vc/sdk", "https://me@vc/sdk/", "HTTPS://me@vc/sdk",
        "https://me:@vc/sdk?a=b#c", "https://m%65@vc", "me@vc/other/path", " me@vc "]  # fmt: skip
OTHER = ["you@vc", "vc", "Me@vc", "me@VC", "me@vc:443", "http://me@vc", "me@vc.", "me@vc:8989"]


@pytest.mark.parametrize("url", SAME)
def test_password_path_query_fragment_and_escapes_do_not_count(url: str) -> None:
    assert parse_endpoint(url).file_name("/sdk", insecure=False) == go_name("https://me@vc", "/sdk", insecure=False)


def test_user_host_port_and_scheme_count_as_they_were_written() -> None:
    """Lower case or a port that goes without saying would be another name than govc's."""
    names = {parse_endpoint(url).file_name("/sdk", insecure=False) for url in ("me@vc", *OTHER)}
    assert len(names) == 1 + len(OTHER)
    assert parse_endpoint(":password@vc").file_name("/sdk", insecure=False) in names, "which is nobody, at vc"


@pytest.mark.parametrize("url", [
    *(url for url in SAME if url == url.strip()), *OTHER,
    "[::1]", "[::1]:8989", "https://[::1]/sdk", "me@[2001:db8::1]:443/sdk", "https://[fe80::1%25eth0]:8989/sdk",
    "10.0.0.1", "10.0.0.1:8989", "https://vc_1.example.com", "üc.example.com", "vc.example.com/sdk//", "vc.example.com//",
    "vc/%C3%BC", "vc/a%2Fb", "https://:pw@vc", "a%40b%3Ac@vc", "a$&+,;=~@vc", "a!'()*@vc", "%2525@vc", "~@vc",
])  # fmt: skip
def test_what_we_take_govc_takes_with_the_same_name(url: str) -> None:
    compare(url)


def compare(url: str) -> None:
    """Our name for GOVC_URL is govc's, and so is the spelling of the whole endpoint.

    But for a slash at its end, which reading drops, and govc's own reading, too: we write it twice.
    """
    spelling = go_spelling(url)
    assert spelling is not None
    endpoint = parse_endpoint(url)
    place = "/".join(spelling.split("/")[:3])
    for path in ("/sdk", "/rest"):
        for insecure in (False, True):
            assert endpoint.file_name(path, insecure=insecure) == go_name(place, path, insecure=insecure)
    assert endpoint.url == spelling.replace("://@", "://") + ("/" if spelling.endswith("/") else "")


# ---- property


def can_be_looked_up(name: str) -> bool:
    """Whether IDNA has a form for this host name; what it has none for is no host name, whatever Go takes."""
    try:
        return name.encode("idna").isalnum() or b"-" in name.encode("idna")
    except UnicodeError:
        return False


hosts = st.one_of(
    st.from_regex(r"([A-Za-z0-9_]{1,8}(-[A-Za-z0-9_]{1,8})?\.){0,2}[A-Za-z0-9]{1,10}\.?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=8).filter(can_be_looked_up),
)
ports = st.one_of(st.just(""), st.integers(1, 65535).map(lambda port: f":{port}"))
names = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.text(string.printable, max_size=20)
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["https", "http"]), hosts, ports, names)
def test_property_the_name_is_the_hash_of_gos_spelling(scheme: str, host: str, port: str, username: str) -> None:
    url = f"{scheme}://{host}{port}/sdk"
    spelling = go_spelling(url, username)
    assert spelling is not None
    endpoint = parse_endpoint(url).with_user(username)
    for path in ("/sdk", "/rest"):
        assert endpoint.file_name(path, insecure=True) == go_name(spelling, path, insecure=True)


@settings(max_examples=100, deadline=None)
@given(st.text("az09AZ-._~%@:/?#[]!$&'()*+,;=\\ éü", max_size=24))
def test_property_whatever_text_we_take_as_a_url_govc_takes_with_the_same_spelling(text: str) -> None:
    try:
        endpoint: Endpoint | None = parse_endpoint(text)
    except SessionError:
        endpoint = None
    if endpoint is not None:
        before, hash_sign, _ = text.strip(" ").partition("#")
        compare(f"{before}{hash_sign}")  # govc minds a broken escape even in the fragment, which nobody uses
