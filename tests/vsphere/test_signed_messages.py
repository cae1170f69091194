"""Messages to the STS and LoginByToken: canonical as they are written, and signed so that two judges say so."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from crypto.keys import certificate, kind, rsa_key
from vsphere.judges import SECURITY, WSU_ID, canonical, found, signxml_accepts, text, xmlsec_accepts
from vsphere.made_tokens import NOW, XS, der, is_signed, reply, token
from vsphere_session.crypto.private_key import PrivateKey
from vsphere_session.errors import InvalidRequestError
from vsphere_session.vsphere.saml import Assertion, read_token
from vsphere_session.vsphere.security import KeyHolder, moment
from vsphere_session.vsphere.token_messages import Credential, issue_message, login_message

KEY = PrivateKey(kind("PKCS#8"))
CERTIFICATE = certificate(rsa_key())
OTHERS = certificate(rsa_key(number=1))
HOLDER = KeyHolder(der(CERTIFICATE), KEY.sign)
IN_XML = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(st.one_of(IN_XML, st.sampled_from("\t\r\n&<>\"'äß]")), max_size=30)
SIGNED = (f"{SECURITY}/wsu:Timestamp", "/S:Envelope/S:Body", f"{SECURITY}/ds:Signature/ds:SignedInfo")
ISSUED = read_token(token(method="holder-of-key").encode())
BEARER = read_token(token().encode())
WHO = {
    "a person": Credential("alice@corp", "secret"),
    "a solution user": Credential(key_holder=HOLDER),
    "a person with a certificate": Credential("alice@corp", "secret", HOLDER),
}


def written_as_canonical(message: bytes, *paths: str) -> None:
    for path in paths:
        form = canonical(message, path)
        assert form in message
        assert message.count(form) == 1


@given(TEXTS, TEXTS)
@settings(deadline=None)
def test_any_name_and_password_arrive_and_what_gets_signed_is_canonical(username: str, password: str) -> None:
    """Every printable character, what is special in XML, tabs and line ends."""
    message = issue_message(Credential(username, password, HOLDER), NOW)
    written_as_canonical(message, *SIGNED)
    if username:
        assert text(message, f"{SECURITY}/wsse:UsernameToken/wsse:Username") == username
        assert text(message, f"{SECURITY}/wsse:UsernameToken/wsse:Password") == password


@given(TEXTS, TEXTS, st.floats(0, 4e9), st.sampled_from([ISSUED, BEARER]))
@settings(deadline=None)
def test_a_login_is_canonical_whatever_the_server_calls_its_manager(
    manager: str, locale: str, now: float, assertion: Assertion
) -> None:
    message = login_message(assertion, now, KEY.sign, session_manager=manager, locale=locale)
    written_as_canonical(message, *SIGNED[: 3 if assertion.holder_of_key else 2])
    assert text(message, "/S:Envelope/S:Body/vim:LoginByToken/vim:_this") == manager
    if locale:
        assert text(message, "/S:Envelope/S:Body/vim:LoginByToken/vim:locale") == locale


@pytest.mark.parametrize("bad", ["\0", "a\x1b", "\x7fa\x0b", "\ud800", "\ufffe"])
@pytest.mark.parametrize("where", ["name", "password"])
def test_a_character_that_xml_does_not_know_is_refused_without_showing_it(bad: str, where: str) -> None:
    given = Credential(f"a{bad}b", "x") if where == "name" else Credential("a", f"secret{bad}")
    with pytest.raises(InvalidRequestError, match="cannot be sent in XML") as caught:
        issue_message(given, NOW)
    assert "secret" not in str(caught.value)


def test_nobody_is_not_asked_for() -> None:
    with pytest.raises(InvalidRequestError, match="no user name"):
        issue_message(Credential(), NOW)


# ---- signatures


@pytest.mark.parametrize("who", ["a solution user", "a person with a certificate"])
@pytest.mark.parametrize("bits", [2048, 4096])
def test_both_judges_find_a_request_signed_by_the_key_and_by_no_other(who: str, bits: int) -> None:
    pem = certificate(rsa_key(bits))
    holder = KeyHolder(der(pem), PrivateKey(kind("PKCS#8", rsa_key(bits))).sign)
    message = issue_message(Credential(WHO[who].username, WHO[who].password, holder), NOW)
    assert signxml_accepts(message, pem) == {"Timestamp", "Body"}
    assert xmlsec_accepts(message, pem)
    assert not signxml_accepts(message, OTHERS)
    assert not xmlsec_accepts(message, OTHERS)


def test_both_judges_find_a_login_signed_by_the_key_and_by_no_other() -> None:
    message = login_message(ISSUED, NOW, KEY.sign, locale="de_DE")
    assert signxml_accepts(message, CERTIFICATE) == {"Timestamp", "Body"}
    assert xmlsec_accepts(message, CERTIFICATE)
    assert not signxml_accepts(message, OTHERS)
    assert not xmlsec_accepts(message, OTHERS)


@pytest.mark.parametrize("changed", [b"<wsu:Created>2", b"PublicKey", b"_this type", b"wsu:Expires>2"])
def test_a_message_that_is_changed_on_the_way_is_not_signed(changed: bytes) -> None:
    message = (
        login_message(ISSUED, NOW, KEY.sign) if changed == b"_this type" else issue_message(WHO["a solution user"], NOW)
    )
    other = {b"PublicKey": b"Bearer", b"_this type": b"_this typo"}.get(changed, changed[:-1] + b"1")
    assert changed in message
    assert not signxml_accepts(message.replace(changed, other), CERTIFICATE)
    assert not xmlsec_accepts(message.replace(changed, other), CERTIFICATE)


def test_the_token_within_a_login_keeps_its_own_signature() -> None:
    """Also where it was lifted out of a reply; prefixes of ours do not get into what it is for."""
    inner = token().replace(f' xmlns:xs="{XS}"', "")
    for assertion in (BEARER, ISSUED, read_token(reply(inner).encode())):
        message = login_message(assertion, NOW, KEY.sign)
        assert assertion.text.encode() in message
        (within,) = found(message, f"{SECURITY}/saml2:Assertion")
        assert is_signed(etree.tostring(within))


# ---- what a server demands


@pytest.mark.parametrize(
    ("who", "tokens", "key_type"),
    [
        ("a person", ["UsernameToken"], "Bearer"),
        ("a solution user", ["BinarySecurityToken", "Signature"], "PublicKey"),
        ("a person with a certificate", ["BinarySecurityToken", "UsernameToken", "Signature"], "PublicKey"),
    ],
)
def test_a_request_has_the_parts_that_it_needs_in_their_order(who: str, tokens: list[str], key_type: str) -> None:
    message = issue_message(WHO[who], NOW, 120)
    (security,) = found(message, SECURITY)
    assert [etree.QName(child).localname for child in security] == ["Timestamp", *tokens]
    (body,) = found(message, "/S:Envelope/S:Body")
    assert body.text is None
    (request,) = body
    expected = ["TokenType", "RequestType", "Lifetime", "Renewing", "Delegatable", "KeyType", "SignatureAlgorithm"]
    assert [etree.QName(child).localname for child in request] == expected + ["UseKey"] * (key_type == "PublicKey")
    assert text(message, "//wst:KeyType").rpartition("/")[2] == key_type
    assert (
        text(message, "//wst:Lifetime/wsu:Created")
        == text(message, f"{SECURITY}/wsu:Timestamp/wsu:Created")
        == moment(NOW)
    )
    assert text(message, "//wst:Lifetime/wsu:Expires") == moment(NOW + 120)
    assert text(message, f"{SECURITY}/wsu:Timestamp/wsu:Expires") == moment(NOW + 60)


def test_references_name_what_they_mean() -> None:
    message = issue_message(WHO["a solution user"], NOW)
    (signature,), (use_key,) = found(message, f"{SECURITY}/ds:Signature"), found(message, "//wst:UseKey")
    (binary,), (reference,) = (
        found(message, "//wsse:BinarySecurityToken"),
        found(message, "//ds:KeyInfo//wsse:Reference"),
    )
    assert use_key.get("Sig") == signature.get("Id")
    assert reference.get("URI") == f"#{binary.get(WSU_ID)}"
    login = login_message(ISSUED, NOW, KEY.sign)
    assert text(login, "//ds:KeyInfo//wsse:KeyIdentifier") == ISSUED.id


def test_ids_are_names_of_xml_and_new_for_each_message() -> None:
    ids = [
        element.get(WSU_ID)
        for _ in range(2)
        for element in found(issue_message(WHO["a solution user"], NOW), "//*[@wsu:Id]")
    ]
    assert len(set(ids)) == len(ids) == 6
    assert all(name and name.startswith("_") for name in ids)


def test_a_token_for_the_holder_of_a_key_is_not_sent_without_it_and_a_bearer_token_is_not_signed_for() -> None:
    with pytest.raises(InvalidRequestError, match="holder of a key"):
        login_message(ISSUED, NOW)
    assert found(login_message(BEARER, NOW, KEY.sign), f"{SECURITY}/ds:Signature") == []


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (NOW + 0.0004, "2026-09-21T14:13:20.000Z"),
        (NOW + 0.9996, "2026-09-21T14:13:21.000Z"),
    ],
)
def test_times_have_milliseconds(seconds: float, written: str) -> None:
    assert moment(seconds) == written


def test_neither_password_nor_key_is_in_a_repr() -> None:
    assert "secret" not in repr(WHO["a person with a certificate"])
    assert repr(HOLDER) == "KeyHolder()"


# ---- another client's messages


def test_vmwares_own_client_sends_the_same_parts(tmp_path: Path) -> None:
    """pyVim.sso's requests, before the same judges: the same elements in the same places, but for their order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyVim import sso

        (tmp_path / "cert.pem").write_bytes(CERTIFICATE)
        (tmp_path / "key.pem").write_bytes(kind("PKCS#1"))
        request_of: Any = sso.SecurityTokenRequest
        theirs = request_of(public_key=str(tmp_path / "cert.pem"), private_key=str(tmp_path / "key.pem"))
        message = theirs.construct_hok_request(delegatable=True).encode()
    assert signxml_accepts(message, CERTIFICATE) == {"Timestamp", "Body"}
    assert xmlsec_accepts(message, CERTIFICATE)
    ours = issue_message(WHO["a solution user"], NOW)
    paths = [
        {element.getroottree().getelementpath(element) for element in etree.fromstring(each).iter()}
        for each in (ours, message)
    ]
    assert paths[1] <= paths[0]
