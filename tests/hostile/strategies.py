"""What Hypothesis makes up: JSON, requests, users, hosts and URLs, from sound to nonsense."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from hostile.canary import CANARY
from vsphere_session.settings.request import FIELDS

thorough = settings(
    deadline=None, database=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""No time is asserted, and nothing is kept between runs."""

# ---- JSON

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "value", "Value", "Name", "url"), inner))
    ),
    max_leaves=10,
)


def with_something_else(value: Any) -> st.SearchStrategy[Any]:
    """The JSON `value` with one of its parts replaced by something else, left out, or there twice in a list."""
    places: list[tuple[Any, ...]] = list(_places(value))
    return st.tuples(st.sampled_from(places), json_values | st.sampled_from(["replace", "drop", "repeat"])).map(
        lambda choice: _changed(value, choice[0], choice[1])
    )


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return [value, value] if new == "repeat" else {} if new == "drop" else new
    copy = value.copy()
    if new == "drop" and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


# ---- requests

one_line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
"""Text that may stand in a request."""

names = st.sampled_from(FIELDS["erase"])
nearly_requests = st.dictionaries(names | st.text(max_size=12), json_values | one_line, max_size=6).map(
    lambda fields: json.dumps({"password": CANARY, **fields}).encode()
)


@st.composite
def broken_requests(draw: st.DrawFn) -> bytes:
    """A request with bytes cut out, put in or changed."""
    data = bytearray(draw(nearly_requests))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 5))
        data[place : place + length] = draw(st.binary(max_size=5))
    return bytes(data)


# ---- URLs

users = one_line.filter(bool)
ports = st.integers(1, 65535)
labels = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,20}[A-Za-z0-9_])?", fullmatch=True)
hosts = (
    st.lists(labels, min_size=1, max_size=4).map(".".join)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
    | st.from_regex(r"\[fe80::[0-9a-f]{1,4}%25[a-z0-9]{1,5}\]", fullmatch=True)
    | st.sampled_from(["münchen.example", "vc.例え.example", "VC.Example.COM.", "localhost"])
)
paths = st.sampled_from(["", "/", "/sdk", "/sdk/", "/a%20b", "/%C3%BC", "/sdk?x=1", "/sdk#y", "?x", "/a/b/c"])
schemes = st.sampled_from(["", "https://", "http://", "HTTPS://"])


@st.composite
def good_urls(draw: st.DrawFn) -> tuple[str, str, str | None, str, int | None]:
    """A URL, and the user, password, host and port that are in it."""
    user, password = draw(users), draw(st.none() | one_line)
    host, port = draw(hosts), draw(st.none() | ports)
    login = quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))
    url = f"{draw(schemes)}{login}@{host}{'' if port is None else f':{port}'}{draw(paths)}"
    return url, user, password, host, port


nearly_urls = st.lists(
    st.sampled_from([*"@:/%\\?#[]. \0\n", "https:", "//", "vc", "443", "::1", "%25", "%00", "%zz", "ü", "\ud800", CANARY])
    | st.characters(),
    max_size=12,
).map("".join)  # fmt: skip
