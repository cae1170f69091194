"""The options and arguments that commands have in common."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from vsphere_session.commands.invocation import Invocation
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.config_file import CHOICES, seconds

if TYPE_CHECKING:
    from collections.abc import Callable


def command(help_text: str, example: str, name: str | None = None) -> Callable[[Callable[..., object]], click.Command]:
    """A command with the common options, whose function gets an Invocation first and returns None or an exit status."""

    def decorate(function: Callable[..., object]) -> click.Command:
        @functools.wraps(function)
        def wrapped(**given: object) -> object:
            invocation = click.get_current_context().find_object(Invocation)
            assert invocation is not None  # noqa: S101  # nosec B101  # `program.run` has put it there
            return function(_with_common(invocation, given), **given)

        described = f"{help_text}\n\n\b\nexample:\n" + "".join(f"  {line}\n" for line in example.splitlines())
        return click.command(name or function.__name__.removesuffix("_command"), help=described)(_common(wrapped))

    return decorate


def host_argument(function: Callable[..., object]) -> Callable[..., object]:
    """`[HOST]`, the endpoint as in a request's `url`; None where it is left to environment and configuration."""
    return click.argument("host", metavar="[HOST]", required=False, shell_complete=_known_hosts)(function)


def json_option(function: Callable[..., object]) -> Callable[..., object]:
    """`--json`, for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(function)


def yes_option(function: Callable[..., object]) -> Callable[..., object]:
    """`--yes`, for what is destroyed otherwise only after a question."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(function)


def request_of(invocation: Invocation, host: str | None) -> dict[str, str]:
    """`url` and `username` of a request, as far as they were typed. Raises InvalidRequestError for two hosts, or a password."""
    common = invocation.common
    if host and common.url:
        raise InvalidRequestError("the host is there twice, also as --url; leave one out")
    url = host or common.url
    if url and parse_endpoint(url).password is not None:
        raise InvalidRequestError(
            "a password does not belong on the command line, where others can read it; leave it out of the URL"
        )
    return {name: text for name, text in (("url", url), ("username", common.username)) if text}


def _seconds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    found = seconds(value, "--timeout")
    if not found:
        raise InvalidRequestError("--timeout is zero; write the seconds that the call may take")
    return found


def _common(function: Callable[..., object]) -> Callable[..., object]:
    for option in (
        click.option("-v", "verbose", count=True, help="Say on stderr what happens; -vv also where a bug is."),
        click.option("--secret-store", type=click.Choice(CHOICES["secret_store"]), help="Where new logins are kept."),
        click.option("--timeout", metavar="SECONDS", callback=_seconds, help="How long it may take (30)."),
        click.option("--config", metavar="FILE", type=click.Path(), help="Another configuration file."),
        click.option(
            "--username", metavar="NAME", help="The user, where more than one is meant.", shell_complete=_known_users
        ),
        click.option("--url", metavar="URL", hidden=True, help="The endpoint, in place of HOST."),
    ):
        function = option(function)
    return function


def _with_common(invocation: Invocation, given: dict[str, object]) -> Invocation:
    """The invocation with the common options, which are taken out of `given`."""
    said = {name: given.pop(name) for name in ("config", "timeout", "secret_store", "verbose", "url", "username")}
    invocation.common = replace(invocation.common, **{name: value for name, value in said.items() if value})  # type: ignore[arg-type]
    return invocation


def _known_hosts(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from vsphere_session.commands.known import hosts  # noqa: PLC0415  # only where a shell asks

    return [host for host in hosts() if host.startswith(incomplete)]


def _known_users(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from vsphere_session.commands.known import users  # noqa: PLC0415  # the same

    return [user for user in users(context.params.get("host") or "") if user.startswith(incomplete)]
