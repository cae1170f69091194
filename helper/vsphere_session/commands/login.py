"""`login`: set an endpoint up, so that programs go on without a person: how to log in, whom to trust, where what is kept."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from credential_protocol.messages import Request
from vsphere_session.cache.clients import SoapClient
from vsphere_session.commands.options import command, host_argument, request_of
from vsphere_session.commands.prompts import Prompts
from vsphere_session.commands.setup import way_in
from vsphere_session.commands.setup.kept_login import WORDS, chosen
from vsphere_session.commands.setup.trust import believed
from vsphere_session.commands.terminal import Terminal
from vsphere_session.configure.own_file import Setting, change, changed
from vsphere_session.configure.plan import read_text
from vsphere_session.errors import InvalidRequestError, LoginRefusedError, StorageError
from vsphere_session.service.addressed import request, resolved
from vsphere_session.service.verbs import get, get_cached, store
from vsphere_session.settings.child_environment import as_it_was, without_passwords
from vsphere_session.settings.environment import sources
from vsphere_session.settings.login_fields import METHODS, VARIABLES
from vsphere_session.settings.pinned_certificates import keep as keep_pinned
from vsphere_session.storage.reading import Reader
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.presented import Certificate
    from vsphere_session.service.call import Call
    from vsphere_session.service.resolved import Resolved

FOR_A_PERSON = 300.0
"""Seconds in which somebody has to be done where nobody says otherwise."""
_MAX_PASSWORD = 64 * 1024
_TRIES = 3
_ABOUT_TRUST = ("url", "ca_file", "thumbprint")


@command(
    "Log in once, and set the endpoint up for every program: ask for what is missing, pin an unknown certificate if you say so, "
    "keep the login where you want it, write the endpoint into the configuration. Each field of a login method is an option, "
    "too, as in --client-id (docs/logins.md).",
    "vsphere-session login vc.example.com\n"
    "pass show vcenter | vsphere-session login vc.example.com --username me@vsphere.local --password-stdin",
)
@host_argument
@click.option("--method", type=click.Choice(METHODS), help="How to log in (password).")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@click.option("--no-store", is_flag=True, help="Do not keep the password.")
@click.option("--no-config", is_flag=True, help="Leave the configuration as it is.")
@click.option(
    "--no-browser", is_flag=True, help="Show the address, and read from the terminal where the browser has come to."
)
@click.option("--thumbprint", metavar="AA:BB:…", help="Pin the certificate with this fingerprint.")
@click.option("--ca-file", metavar="FILE", help="The authority that vouches for the server, PEM.")
@way_in.options
def login_command(
    invocation: Invocation,
    *,
    host: str | None,
    password_stdin: bool,
    no_store: bool,
    no_config: bool,
    no_browser: bool,
    **fields: object,
) -> None:
    """See above."""
    no_browser = no_browser or invocation.common.no_browser
    invocation.common = replace(invocation.common, timeout=invocation.common.timeout or FOR_A_PERSON)
    person = Terminal(without_passwords(as_it_was(invocation.environ)), browser=not no_browser)
    prompts = Prompts()
    typed = request_of(invocation, host) | way_in.given(fields)
    setup = Setup(invocation, invocation.call(person), prompts, typed, password_stdin=password_stdin, no_store=no_store)
    setup.ask()
    if not no_config:
        setup.check_configuration()
    answer = setup.log_in()
    kept = setup.keep()
    written = "" if no_config else setup.configure()
    made = "logged in" if answer["source"] == "login" else "there is a good session already"
    whose = f" as {answer['username']}" if answer.get("username") else ""
    until = f"; it is good without asking until {answer['expires_at']}" if answer.get("expires_at") else ""
    invocation.screen.line(
        "".join([f"{made}: {answer['url']}{whose}{until}", *(f"; {part}" for part in (kept, written) if part)])
    )
    invocation.screen.line(
        f"next: {PROGRAM} exec -- terraform apply, or any other program; {PROGRAM} status shows what there is"
    )


class Setup:
    """The endpoint that is being set up.

    typed     request fields that the command line has, and what was asked for
    password  the one that was typed, or read from stdin; None where the endpoint has another way, or it is known already
    """

    def __init__(
        self,
        invocation: Invocation,
        call: Call,
        prompts: Prompts,
        typed: dict[str, str],
        *,
        password_stdin: bool,
        no_store: bool,
    ) -> None:
        self._invocation = invocation
        self._call = call
        self._prompts = prompts
        self._typed = typed
        self._no_store = no_store
        self._password = _from_stdin() if password_stdin else None
        self._store = ""
        self._pinned: Certificate | None = None

    def ask(self) -> None:
        """Ask for what is missing: host, method and its fields, trust, user, password, and where that is kept."""
        if "url" not in self._typed and not _names_endpoint(self._call):
            self._typed["url"] = self._prompts.ask("vCenter or ESXi host", f"{PROGRAM} login HOST")
        about_trust = {name: self._typed[name] for name in _ABOUT_TRUST if name in self._typed}
        asked = resolved(about_trust, self._again())
        self._pinned = believed(asked, self._invocation, self._prompts)
        if self._pinned is not None and asked.settings.thumbprint not in (self._pinned.sha256, self._pinned.sha1):
            self._typed["thumbprint"] = self._pinned.sha256
        self._ask_method(asked.settings.endpoint)
        if self._method() not in way_in.BY_PASSWORD:
            return
        asked = self._asked()
        account = asked.settings.account or asked.logins.default_user(asked.place)
        if not account:
            account = self._prompts.ask("User name", "--username", "administrator@vsphere.local")
        self._typed["username"] = account
        if self._password is None and not self._knows_password():
            self._ask_password()
        self._choose_store()

    def _knows_password(self) -> bool:
        """Whether the environment, a command or the secret store has it already; the command is left to the login."""
        asked = self._asked()
        login = asked.settings.login
        if asked.settings.password() is not None or (login is not None and login.values.text("password_command")):
            return True
        return asked.logins.get(asked.place, self._typed["username"]) is not None

    def _choose_store(self) -> None:
        """Once: a second password goes where the first one was to go."""
        if self._password is not None and not self._no_store and not self._store:
            asked = self._asked()
            said = self._invocation.common.secret_store or asked.settings.secret_store
            self._store = chosen(said, self._call, self._prompts)

    def check_configuration(self) -> None:
        """Raise what would be in the way of `configure`, before anything is done."""
        path = self._call.config.path
        changed(read_text(path) or "", path, self._settings())

    def log_in(self) -> dict[str, str]:
        """Log in, or find a good session; a password that was typed is tried in any case. Raises as `get` does."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                return self._log_in()
            except LoginRefusedError as error:
                by_password = error.of_credential and self._method() in way_in.BY_PASSWORD
                if not (left and self._prompts.somebody and by_password):
                    raise
                self._invocation.screen.tell(error.message)
                self._ask_password()
                self._choose_store()
        raise AssertionError

    def _log_in(self) -> dict[str, str]:
        if self._password is None:
            return dict(get_cached(self._request(verify="always"), self._again())[0].fields)
        before = (
            dict(get_cached(self._request(verify="always"), self._again())[0].fields) if self._has_session() else None
        )
        if before is None:
            return dict(get_cached(self._request(password=self._password), self._again())[0].fields)
        trial = self._again()
        try:
            get(self._request(password=self._password, passthrough="true", api="soap"), trial)
        finally:
            trial.outcome.give_back()
        return before

    def _has_session(self) -> bool:
        """Whether there is a cached session that the server still knows; asking logs nobody in."""
        asked = self._asked(verify="always")
        session = asked.session(asked.user())
        client = SoapClient()
        session.begin()
        try:
            return session.load(client)
        finally:
            session.close()

    def keep(self) -> str:
        """Keep the password, and the certificate for programs that know no thumbprints; where the password is, in words."""
        asked = self._asked()
        if self._pinned is not None:
            keep_pinned(self._call.around.paths.state, asked.settings.endpoint.place, self._pinned.pem.encode())
        if self._store not in WORDS or self._password is None:
            return ""
        self._invocation.common = replace(self._invocation.common, secret_store=self._store)
        account = self._typed["username"]
        fields = {"username": account, "password": self._password}
        store(
            Request("store", self._typed.get("url", "") or self._asked().settings.endpoint.url, fields),
            self._invocation.call(),
        )
        return WORDS[self._store]

    def configure(self) -> str:
        """Write the endpoint into the configuration; where, in words. Raises StorageError."""
        path = self._call.config.path
        try:
            written = change(path, self._settings(), self._again().around)
        except StorageError as error:
            raise StorageError(f"logged in, and yet {error.message}; or leave it out with --no-config") from None
        return f"the endpoint is in {path}" if written else ""

    def _settings(self) -> list[Setting]:
        """What the configuration is to say, as far as it does not yet."""
        asked = self._asked()
        endpoint, config = asked.settings.endpoint, self._call.config
        wanted = {name: text for name, text in self._typed.items() if name != "url"}
        if self._store in WORDS:
            wanted["secret_store"] = self._store
        found = [
            Setting(key, value, endpoint.place) for key, value in wanted.items() if config.text(key, endpoint) != value
        ]
        if not _names_endpoint(self._call):
            usual = endpoint.scheme == "https" and endpoint.path == "/sdk"
            found.insert(0, Setting("url", endpoint.place if usual else endpoint.with_user("").url))
        return found

    def _ask_method(self, endpoint: Endpoint) -> None:
        asked = self._asked() if "method" not in self._typed else None
        nothing_said = asked is not None and asked.settings.login is None and not asked.settings.account
        if nothing_said and self._prompts.somebody and self._password is None:
            method = self._prompts.choose("How do you log in?", way_in.OFFERED[:4], "--method")
            if method != "password":
                self._typed["method"] = method

        def said(field: str) -> str:
            variable = self._invocation.environ.get(VARIABLES.get(field, ""), "")
            return self._typed.get(field, "") or variable or self._call.config.text(field, endpoint)

        self._typed |= way_in.missing(self._method(), said, self._prompts)

    def _method(self) -> str:
        if "method" in self._typed:
            return self._typed["method"]
        login = self._asked().settings.login
        return login.name if login is not None else "password"

    def _ask_password(self) -> None:
        account = self._typed["username"]
        self._password = self._prompts.secret(f"Password of {account}", "--password-stdin")
        if not self._password:
            raise InvalidRequestError("no password was typed; start again")

    def _asked(self, **more: str) -> Resolved:
        return resolved(self._typed | more, self._again())

    def _request(self, **more: str) -> Request:
        return request(self._typed | more)

    def _again(self) -> Call:
        """The same call, from now on: a person takes their time."""
        return self._call.again()


def _names_endpoint(call: Call) -> bool:
    families = sources(call.around.environ, Reader())
    return bool(call.config.general.get("url")) or any(family.is_set("url") for family in families)


def _from_stdin() -> str:
    """What stands on stdin, without the end of its line. Raises InvalidRequestError."""
    data = b""
    while part := os.read(0, _MAX_PASSWORD):
        data += part
        if len(data) > _MAX_PASSWORD:
            raise InvalidRequestError(
                "what is on stdin is longer than a password; give --password-stdin the password alone"
            )
    text = data.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    if not text or "\n" in text:
        raise InvalidRequestError("there is no password on stdin, or more than one line; pipe the password alone")
    return text
