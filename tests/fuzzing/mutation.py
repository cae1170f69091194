"""Inputs from samples: a sample is taken apart at the joints of its grammar, changed, and put together again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

_JOINTS = re.compile(r"(\r\n|\\u[0-9a-fA-F]{4}|\\.|%[0-9a-fA-F]{2}|[A-Za-z_]+|[0-9]+|.)", flags=re.DOTALL)

INTERESTING = (
    "\r", "\n", "\r\n", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\udfff", "\udc80", "ü", "ß", "ﬀ", "٣", "²",
    "İ", "\U0001d54f", "\U0010ffff", "\\", "\\u0000", "\\ud800", "\\udc00\\ud800", "\\n", "\\/", '"', "'", "%", "%00", "%0a", "%25", "%zz", "%C3%BC",
    "@", ":", "/", "?", "#", "[", "]", "{", "}", "=", "&", ";", ",", "<", ">", " ", ".", "-", "0", "-0", "-1", "1e999", "65535",
    "65536", "4294967296", "18446744073709551616", "NaN", "Infinity", "null", "true", "false", "0x", "0xffffffffffffffff",
)  # fmt: skip
"""What parsers of any kind stumble over."""
_MOST = 20  # a power of two: the longest input, a megabyte, is as long as a request may be


@dataclass(frozen=True)
class Grammar:
    """Sound samples, words of the language beyond those, and the brackets in which one thing can lie in another."""

    samples: tuple[str, ...]
    words: tuple[str, ...] = ()
    brackets: tuple[tuple[str, str], ...] = (("[", "]"),)


Parts = list[str]
Mutation = Callable[[random.Random, Grammar, Parts], Parts]


def make(dice: random.Random, grammar: Grammar) -> bytes:
    """One input: a sample, nearly always with some changes; one in eight is no longer UTF-8."""
    parts = _JOINTS.findall(dice.choice(grammar.samples))
    for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3, 5, 8))):
        parts = dice.choice(_MUTATIONS)(dice, grammar, parts)
    if dice.random() < 1 / 50:
        parts = _lengthen(dice, grammar, parts)
    data = "".join(parts).encode("utf-8", "surrogatepass")[: 1 << _MOST]
    return _flip(dice, data) if dice.random() < 1 / 8 else data


def _span(dice: random.Random, parts: Parts) -> tuple[int, int]:
    """A piece: nearly always a short one."""
    start = dice.randrange(len(parts) + 1)
    return start, min(len(parts), start + dice.choice((1, 1, 1, 2, 3, 5, 8, 20)))


def _insert(dice: random.Random, grammar: Grammar, parts: Parts) -> Parts:
    at = dice.randrange(len(parts) + 1)
    return [*parts[:at], dice.choice(dice.choice((INTERESTING, grammar.words or INTERESTING))), *parts[at:]]


def _replace(dice: random.Random, grammar: Grammar, parts: Parts) -> Parts:
    start, end = _span(dice, parts)
    return [*parts[:start], dice.choice(dice.choice((INTERESTING, grammar.words or INTERESTING))), *parts[end:]]


def _duplicate(dice: random.Random, _grammar: Grammar, parts: Parts) -> Parts:
    start, end = _span(dice, parts)
    return [*parts[:end], *parts[start:end], *parts[end:]]


def _delete(dice: random.Random, _grammar: Grammar, parts: Parts) -> Parts:
    start, end = _span(dice, parts)
    return [*parts[:start], *parts[end:]]


def _move(dice: random.Random, _grammar: Grammar, parts: Parts) -> Parts:
    start, end = _span(dice, parts)
    rest = [*parts[:start], *parts[end:]]
    at = dice.randrange(len(rest) + 1)
    return [*rest[:at], *parts[start:end], *rest[at:]]


def _cut(dice: random.Random, _grammar: Grammar, parts: Parts) -> Parts:
    return parts[: dice.randrange(len(parts) + 1)]


def _splice(dice: random.Random, grammar: Grammar, parts: Parts) -> Parts:
    other = _JOINTS.findall(dice.choice(grammar.samples))
    return [*parts[: dice.randrange(len(parts) + 1)], *other[dice.randrange(len(other) + 1) :]]


def _nest(dice: random.Random, grammar: Grammar, parts: Parts) -> Parts:
    opening, closing = dice.choice(grammar.brackets)
    start, end = _span(dice, parts)
    depth = dice.choice((1, 1, 1, 1, 2, 2, 5, 70)) if dice.random() < 0.99 else 5000
    return [*parts[:start], opening * depth, *parts[start:end], closing * depth, *parts[end:]]


def _lengthen(dice: random.Random, grammar: Grammar, parts: Parts) -> Parts:
    """A piece, a word, all from one joint to the next of its kind, or the whole, again and again, up to a megabyte."""
    start, end = _span(dice, parts)
    way = dice.randrange(4)
    if way == 0 and parts[start:]:
        end = next((at for at in range(start + 1, len(parts)) if parts[at] == parts[start]), len(parts))
    elif way == 1:
        start, end = 0, len(parts)
    word = dice.choice(grammar.words or INTERESTING) if way == 2 else ""
    piece = word or "".join(parts[start:end]) or "a"
    return [*parts[:start], piece * ((1 << dice.randrange(6, _MOST + 1)) // len(piece) + 1), *parts[start:]]


def _flip(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(changed))
        changed[at] = dice.choice((changed[at] ^ (1 << dice.randrange(8)), 0, 0xFF, 0x80, 0xC0, dice.randrange(256)))
    return bytes(changed)


_MUTATIONS: tuple[Mutation, ...] = (
    _insert,
    _insert,
    _replace,
    _replace,
    _duplicate,
    _delete,
    _move,
    _cut,
    _splice,
    _nest,
)
