"""An ordinary secret store for hosts that are no vSphere, in the words of git, docker and Terraform's CLI.

A place is `DIALECT:TARGET`, so that what one caller stores no other caller reads. What belongs to a secret (git's
expiry, refresh token, authtype and credential) is kept with it, as one JSON text.
"""

from __future__ import annotations

import json

from credential_protocol.messages import Answer, Request
from vsphere_session.endpoint import NO_PASSWORD
from vsphere_session.errors import NotFoundError
from vsphere_session.secrets.logins import undone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.secrets.logins import Logins

KEPT = ("password", "password_expiry_utc", "oauth_refresh_token", "authtype", "credential")
_ONE_USER = ("docker",)
"""Dialects in which a new user takes the place of the old one."""
_NO_USER = {"terraform-cli": "terraform"}
"""Dialects that name no user, and the one under which their secrets are kept."""


class Plain:
    """The secrets of one dialect at `now`, Unix seconds; `keep` is for how many seconds `store` keeps one, None for ever."""

    def __init__(self, dialect: str, logins: Logins, *, now: float, keep: float | None) -> None:
        self._dialect = dialect
        self._logins = logins
        self._now = now
        self._keep = keep

    def get(self, request: Request) -> Answer:
        """The first login that matches, has not expired and that the caller understands. Raises NotFoundError."""
        understood = request.attributes.get("capability[]", "").split()
        for place, username in self._matching(request):
            kept = self._kept(place, username)
            if kept is None or self._expired(kept) or kept.get("password") == NO_PASSWORD:
                continue
            kept.pop("kept_until", None)
            if "password" in kept:
                return Answer({"username": username, **kept})
            if "authtype" in understood:
                return Answer({"username": username, **kept} if username else kept)
        raise NotFoundError("nothing is stored for this host")

    def store(self, request: Request) -> Answer:
        """Keep a login; one without a secret, or one that is not to be kept, is ignored."""
        attributes = request.attributes
        named = "username" in attributes or self._dialect in _NO_USER
        if attributes.get("password") == NO_PASSWORD:
            return Answer({})
        complete = "credential" in attributes or (named and "password" in attributes)
        if complete and attributes.get("ephemeral", "0") in ("0", "false", ""):
            place = self._place(request.target)
            username = attributes.get("username", _NO_USER.get(self._dialect, ""))
            kept = {name: attributes[name] for name in KEPT if name in attributes}
            if self._keep is not None:
                kept["kept_until"] = str(int(self._now + self._keep))
            take_back = self._logins.set(place, username, json.dumps(kept))
            if self._dialect in _ONE_USER:
                self._drop_others(place, username, take_back)
        return Answer({})

    def _drop_others(self, place: str, username: str, take_back: Callable[[], None]) -> None:
        """Forget the logins that the new one takes the place of, which is taken back where that fails."""
        try:
            for other in self._logins.users(place):
                if other != username:
                    self._logins.delete(place, other)
        except Exception as error:
            undone(error, take_back)
            raise

    def erase(self, request: Request) -> Answer:
        """Forget what matches, the secret included where one is given. Raises NotFoundError if there was nothing."""
        wanted = {name: request.attributes[name] for name in ("password", "credential") if name in request.attributes}
        matching = [
            (place, username)
            for place, username in self._matching(request)
            if wanted.items() <= (self._kept(place, username) or {}).items()
        ]
        for place, username in matching:
            self._logins.delete(place, username)
        if not matching:
            raise NotFoundError("nothing is stored for this host")
        return Answer({})

    def listing(self, _request: Request) -> Answer:
        """The users by server."""
        prefix = self._place("")
        return Answer(
            {
                place.removeprefix(prefix): username
                for place in self._logins.places(prefix)
                for username in self._logins.users(place)[-1:]
            }
        )

    def _place(self, target: str) -> str:
        return f"{self._dialect}:{target}"

    def _matching(self, request: Request) -> list[tuple[str, str]]:
        """Places and users; what the request leaves open matches anything. The one stored last comes first."""
        exact = self._place(request.target)
        places = [exact]
        if self._dialect == "git" and not request.attributes.get("path"):
            places += [place for place in self._logins.places(f"{exact}/") if place != exact]
        asked = request.attributes.get("username")
        return [
            (place, username)
            for place in places
            for username in reversed(self._logins.users(place))
            if asked is None or asked == username
        ]

    def _kept(self, place: str, username: str) -> dict[str, str] | None:
        """What is stored; None also for what cannot be read, which the next `store` replaces."""
        text = self._logins.get(place, username)
        try:
            kept = None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            return None
        sound = isinstance(kept, dict) and all(isinstance(value, str) for value in kept.values())
        return kept if sound else None

    def _expired(self, kept: dict[str, str]) -> bool:
        times = [kept.get(name, "") for name in ("password_expiry_utc", "kept_until")]
        return any(time.isascii() and time.isdigit() and int(time[:15]) <= self._now for time in times)
