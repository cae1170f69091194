"""The main job in a place, from a login to nothing left."""

from __future__ import annotations

from everywhere.front import Front
from everywhere.place import Place
from support.program import PASSWORD, USER


def do_main_job(place: Place, server: Front, *, host: str = "127.0.0.1", ca_file: str = "", **environment: str) -> None:
    """Log in by TLS, take the sessions from the cache, have them confirmed, end them; and check each answer.

    `host` is the server's name there and `ca_file` the authority's path, if it is to be named. Nothing is left on the
    server, and nothing but the home is written to.
    """
    helper = place.helper()
    helper.environment |= environment
    before = place.contents()
    fields = {"url": f"{host}:{server.port}", "username": USER, "ca_file": ca_file}

    cold = helper.ok("get", fields | {"password": PASSWORD})
    assert cold["source"] == "login"
    assert server.soap_sessions == {cold["soap_session_id"]}
    assert server.knows_rest_session(cold["rest_session_id"])

    seen = server.connections
    assert helper.ok("get", fields) == cold | {"source": "cache"}
    assert server.connections == seen

    asked = helper.ok("get", fields | {"verify": "always"})
    assert asked == cold | {"source": "cache", "expires_at": asked["expires_at"]}
    assert server.connections > seen

    assert helper.ok("erase", fields) == {"erased": "soap,rest"}
    assert server.soap_sessions == set()
    assert not server.knows_rest_session(cold["rest_session_id"])
    assert helper.call("get", fields).kind == "not-found"
    assert place.contents() == before
