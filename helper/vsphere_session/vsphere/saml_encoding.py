"""The XML in what people hold as a token: in base64 once or twice, compressed, with a mark or other line ends."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode

from credential_protocol.jsontext import in_utf8

MAX_TOKEN_BYTES = 256 * 1024
_MOST_LAYERS = 3
_WHITE_SPACE = b" \t\r\n"
_OF_URLS = bytes.maketrans(b"-_", b"+/")


def decoded_token(data: bytes) -> bytes:
    """A document in UTF-8, without what surrounds it. Raises ValueError, with the reason and never with the content."""
    for _ in range(_MOST_LAYERS + 1):
        if len(data) > MAX_TOKEN_BYTES:
            raise ValueError(f"longer than {MAX_TOKEN_BYTES} bytes")
        plain = _without_mark(data).strip(_WHITE_SPACE)
        if plain[:1] == b"<":
            return plain
        data = _unpacked(plain) if plain[:2] == b"\x1f\x8b" else _out_of_base64(plain)
    raise ValueError("packed too often")


def _without_mark(data: bytes) -> bytes:
    try:
        return in_utf8(data)
    except UnicodeDecodeError:
        raise ValueError("not the text that its mark says") from None


def _unpacked(data: bytes) -> bytes:
    """No more than a byte over the limit is unpacked, whatever the rest would become."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, MAX_TOKEN_BYTES + 1)
    except zlib.error:
        raise ValueError("the compressed part is damaged") from None
    if len(unpacked) <= MAX_TOKEN_BYTES and (not unpacker.eof or unpacker.unused_data):
        raise ValueError("the compressed part is cut off, or something follows it")
    return unpacked


def _out_of_base64(data: bytes) -> bytes:
    """Either alphabet, with line breaks, with the whole padding or none (RFC 4648; RFC 8693, section 3, for tokens)."""
    if data[:3] == b"eyJ" and b"." in data:
        raise ValueError("a JWT; that has to be exchanged for a SAML token")
    digits = data.translate(None, _WHITE_SPACE)
    if b"-" in digits or b"_" in digits:
        if b"+" in digits or b"/" in digits:
            raise ValueError("two alphabets of base64 in one")
        digits = digits.translate(_OF_URLS)
    if b"=" not in digits:
        digits += b"=" * (-len(digits) % 4)
    try:
        decoded = b64decode(digits, validate=True)
    except ValueError:
        raise ValueError("neither XML nor base64") from None
    if not decoded or b64encode(decoded) != digits:  # it overlooks bits that are left over
        raise ValueError("neither XML nor base64")
    return decoded
