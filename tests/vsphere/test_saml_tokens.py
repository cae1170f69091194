"""A SAML token in every shape in which people hold one: read without trust, and sent as its issuer signed it."""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable

import pytest
from lxml import etree  # type: ignore[import-untyped]

from vsphere.made_tokens import DELEGATED, NOW, SAML, XS, XSI, is_signed, reply, token
from vsphere_session.errors import InvalidRequestError, NotFoundError, SessionError
from vsphere_session.vsphere.saml import Assertion, read_token, refuse_unusable
from vsphere_session.vsphere.saml_encoding import MAX_TOKEN_BYTES

TOKEN = token()
SECRET = TOKEN[TOKEN.index("<ds:SignatureValue>") + 19 :][:60]
SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda raw: raw,
    "with an XML declaration": lambda raw: b'<?xml version="1.0" encoding="UTF-8"?>\r\n' + raw,
    "with another encoding declared": lambda raw: b'<?xml version="1.0" encoding="utf-16"?>' + raw,
    "with a mark and line ends of Windows": lambda raw: b"\xef\xbb\xbf" + raw + b"\r\n",
    "of PowerShell's >": lambda raw: (raw.decode() + "\r\n").encode("utf-16"),
    "base64": b64encode,
    "base64 in lines": lambda raw: encodebytes(raw).replace(b"\n", b"\r\n"),
    "base64 of URLs without padding": lambda raw: urlsafe_b64encode(raw).rstrip(b"="),
    "base64 twice": lambda raw: b64encode(b64encode(raw)) + b"\n",
    "base64 of gzip, as after SIGN": lambda raw: b64encode(gzip.compress(raw)),
    "gzip": gzip.compress,
    "a whole reply": lambda raw: reply(raw.decode()).encode(),
    "base64 of a reply": lambda raw: b64encode(reply(raw.decode()).encode()),
    "the response alone": lambda raw: etree.tostring(etree.fromstring(reply(raw.decode()).encode())[0][0][0]),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_token_is_read_in_every_shape_and_keeps_its_signature(shape: Callable[[bytes], bytes]) -> None:
    found = read_token(shape(TOKEN.encode()))
    assert (found.name_id, found.id, found.holder_of_key) == ("alice@vsphere.local", found.id, False)
    assert (found.not_before, found.not_on_or_after) == (NOW, NOW + 300)
    assert is_signed(found.text)


@pytest.mark.parametrize("shape", ["raw", "base64 twice", "base64 of gzip, as after SIGN", "a whole reply"])
def test_what_needs_no_declarations_stays_the_same_to_the_byte(shape: str) -> None:
    assert read_token(SHAPES[shape](TOKEN.encode())).text == TOKEN


def test_the_judge_of_signatures_sees_a_changed_token() -> None:
    assert not is_signed(TOKEN.replace("alice", "mallory"))


@pytest.mark.parametrize(
    "absent",
    [[f' xmlns:xs="{XS}"'], [f' xmlns:xsi="{XSI}"'], [f' xmlns:{n}="{u}"' for n, u in (("xs", XS), ("xsi", XSI), ("saml2", SAML))]],
    ids=["only in a value", "only on an attribute", "all of them"],
)  # fmt: skip
def test_a_token_out_of_a_reply_takes_along_what_only_the_reply_declares(absent: list[str]) -> None:
    """Prefixes of names, of values, and of the signature's PrefixList; and nothing else."""
    inner = TOKEN
    for declaration in absent:
        assert declaration in inner
        inner = inner.replace(declaration, "", 1)
    found = read_token(reply(inner).encode())
    assert is_signed(found.text)
    assert "urn:unused" not in found.text


def test_a_prefix_of_the_prefix_list_alone_is_taken_along() -> None:
    bare = token(signed=False).replace("xs:string", "").replace(f' xmlns:xs="{XS}"', "").replace(
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"></ds:Signature>',
        '<e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs xsi"/>',
    )  # fmt: skip
    assert f'xmlns:xs="{XS}"' in read_token(reply(bare).encode()).text


def test_a_default_namespace_of_the_reply_is_taken_along() -> None:
    outer = (
        '<RequestedSecurityToken xmlns="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><q xmlns="urn:&amp;&quot;&lt;">{}</q>'
        "</RequestedSecurityToken>"
    )
    assert_no_token(outer.format(TOKEN).encode())
    direct = outer.replace('<q xmlns="urn:&amp;&quot;&lt;">', "").replace("</q>", "")
    assert is_signed(read_token(direct.format(TOKEN).encode()).text)


def test_what_a_token_says_of_itself() -> None:
    audiences = "<saml2:AudienceRestriction><saml2:Audience>a</saml2:Audience><saml2:Audience> b </saml2:Audience></saml2:AudienceRestriction>"
    found = read_token(token("bob@corp", method="holder-of-key", conditions=audiences + DELEGATED).encode())
    assert found.holder_of_key
    assert found.audiences == ("a", "b")
    assert found.delegated
    assert found.name_id == "bob@corp"  # not the delegate's, whose NameID is another one


def test_a_comment_does_not_cut_a_name_short() -> None:
    """`admin<!-- -->.evil` is nobody but `admin.evil`."""
    assert read_token(token("admin<!-- -->.evil@corp", signed=False).encode()).name_id == "admin.evil@corp"


def test_a_name_is_one_line_of_visible_text() -> None:
    assert read_token(token("a\u202eb\nc@d", signed=False).encode()).name_id == "a b c@d"


def test_the_text_is_not_in_the_repr() -> None:
    found = read_token(TOKEN.encode())
    assert SECRET in found.text
    assert SECRET not in repr(found)
    assert "SignatureValue" not in repr(found)


# ---- what is no token


def assert_no_token(data: bytes, match: str = "token") -> SessionError:
    with pytest.raises((InvalidRequestError, NotFoundError), match=match) as caught:
        read_token(data)
    assert SECRET not in f"{caught.value} {caught.value.__cause__!r}"
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "JWT"),
        (b"hunter2!", "neither XML nor base64"),
        (b64encode(TOKEN.encode())[:-5], "no SAML token"),
        (b64encode(TOKEN.encode()).replace(b"A", b"A=", 1), "base64"),
        (urlsafe_b64encode(b"<\xff\xfe>>>???") + b"+/", "two alphabets"),
        (b64encode(b64encode(b64encode(b64encode(b64encode(TOKEN.encode()))))), "packed too often"),
        (b64encode(gzip.compress(TOKEN.encode())[:-9]), "cut off"),
        (gzip.compress(TOKEN.encode()) + b"x", "follows"),
        (b"\x1f\x8bgarbage", "damaged"),
        (b"\xff\xfe\x00", "mark"),
        (TOKEN.encode()[:-20], "no SAML token"),
        (b"<html><body>Sign in</body></html>", "no SAML token"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + TOKEN.encode(), "document type"),
        (TOKEN.replace("saml2:", "saml3:").encode(), "no SAML token"),
        (b"<a>" * 70, "nested too deeply"),
        (reply(TOKEN + TOKEN).encode(), "with one saml2:Assertion"),
        (f"<a>{TOKEN}</a>".encode(), "with one saml2:Assertion"),
        (token(signed=False).replace("ID=", "Id=").encode(), "no ID"),
        (token("", signed=False).encode(), "NameID"),
        (token("x" * 1001, signed=False).encode(), "NameID"),
        (token(method="sender-vouches", signed=False).encode(), "neither a bearer token"),
        (token(signed=False).replace("NotOnOrAfter=\"2", "NotOnOrAfter=\"x").encode(), "NotOnOrAfter of the token"),
        (token(conditions="</saml2:Conditions><saml2:Conditions>", signed=False).encode(), "2 elements Conditions"),
        (token("a</saml2:NameID><saml2:NameID>b", signed=False).encode(), "2 elements NameID"),
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused_with_the_reason_and_without_its_text(data: bytes, match: str) -> None:
    assert assert_no_token(data, match).kind == "invalid-request"


@pytest.mark.parametrize("data", [b"", b" \r\n"])
def test_nothing_is_not_found(data: bytes) -> None:
    assert assert_no_token(data).kind == "not-found"


@pytest.mark.parametrize("pack", [lambda raw: raw, b64encode, gzip.compress, lambda raw: b64encode(gzip.compress(raw))])
def test_a_token_is_no_longer_than_its_limit_also_unpacked(pack: Callable[[bytes], bytes]) -> None:
    long = TOKEN.encode() + b"<!--" + b"x" * MAX_TOKEN_BYTES + b"-->"
    assert_no_token(pack(long), "longer than 262144 bytes")


def test_no_more_than_the_limit_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousandfold compression costs us nothing."""
    asked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits=wbits)

        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return self._real.decompress(data, most)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    assert_no_token(gzip.compress(bytes(10_000_000)), "longer than")
    assert asked == [MAX_TOKEN_BYTES + 1]


# ---- what the server would only call an invalid login


def made(**changes: object) -> Assertion:
    given = {
        "holder_of_key": False,
        "not_before": NOW,
        "not_on_or_after": NOW + 300,
        "audiences": (),
        "delegated": False,
    }
    return Assertion("<a/>", "_1", "alice@corp", **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("now", [NOW - 600, NOW, NOW + 299, NOW + 899.9])
def test_a_token_is_usable_within_its_life_and_the_tolerance_of_clocks(now: float) -> None:
    refuse_unusable(made(), now, has_key=False)


def test_an_expired_token_is_as_good_as_none() -> None:
    with pytest.raises(NotFoundError, match=r"alice@corp has expired at 2026-09-21T14:18:20Z; give a new one"):
        refuse_unusable(made(), NOW + 900, has_key=False)


def test_one_that_is_not_valid_yet_is_told_with_both_times() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"not valid before 2026-09-21T14:13:20Z, and here it is 2026-09-21T14:03:19Z"
    ):
        refuse_unusable(made(), NOW - 601, has_key=False)


def test_one_for_the_holder_of_a_key_needs_the_key() -> None:
    refuse_unusable(made(holder_of_key=True), NOW, has_key=True)
    with pytest.raises(InvalidRequestError, match="holder of a key; give certificate and private_key"):
        refuse_unusable(made(holder_of_key=True), NOW, has_key=False)


def test_one_without_times_is_left_to_the_server() -> None:
    refuse_unusable(made(not_before=None, not_on_or_after=None), 0.0, has_key=False)
