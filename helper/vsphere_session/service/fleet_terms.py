"""A fleet as its settings have it. Imported only where there is one, and the cache has no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vsphere_session.errors import UnsupportedError
from vsphere_session.fleet.fleet import Fleet
from vsphere_session.fleet.keys import Keys
from vsphere_session.http.trust import Trust
from vsphere_session.settings.fleet_settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.clock import Clock, Deadline
    from vsphere_session.fleet.engine import Engine
    from vsphere_session.settings.config_file import Configuration

_CONNECT_SECONDS, _ANSWER_SECONDS = 2.0, 3.0
"""An engine that a thousand runners ask in one second takes its time; one that is away costs that once in ten seconds."""


def fleet_of(environ: Mapping[str, str], config: Configuration, clock: Clock) -> Fleet:
    """The fleet that is configured. Raises InvalidRequestError; its engine and its keys are asked for later."""
    return of_settings(FleetSettings(environ, config), clock)


def of_settings(settings: FleetSettings, clock: Clock) -> Fleet:
    """The same of settings that have been read."""
    parts = urlsplit(settings.url)
    return Fleet(
        lambda deadline: engine_of(settings, clock, deadline),
        lambda deadline: Keys.of_text(settings.key_text(deadline)),
        namespace=settings.namespace,
        host=parts.netloc.rpartition("@")[2] or parts.path,
        engine_down=settings.engine_down,
        login_spread=settings.login_spread,
        verify_pulled=settings.verify_pulled,
        sessions=settings.sessions,
    )


def engine_of(settings: FleetSettings, clock: Clock, deadline: Deadline) -> Engine:
    """Its engine, which is asked until then. Raises UnsupportedError without the library, and as `FleetSettings.password`."""
    try:
        from vsphere_session.fleet.of_redis import RedisEngine  # noqa: PLC0415  # only if the engine is asked
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise UnsupportedError(
            "asking a fleet's engine needs redis; pip install 'vsphere-session-helper[fleet]', or fleet = false for this endpoint"
        ) from None
    return RedisEngine(
        settings.url,
        password=settings.password(deadline),
        tls=Trust(ca_file=settings.ca_file).context() if settings.url.startswith("rediss:") else None,
        remaining=deadline.remaining,
        connect_seconds=_CONNECT_SECONDS,
        answer_seconds=_ANSWER_SECONDS,
        allow_clear=settings.clear,
        clock=clock,
    )
