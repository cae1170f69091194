"""The sources of what is said of ways to log in, put in their order. Imported only where one of them says something."""

from __future__ import annotations

from vsphere_session.settings.login_fields import VARIABLES
from vsphere_session.settings.login_settings import LoginSettings
from vsphere_session.settings.login_sources import Level, LoginValues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vsphere_session.settings.config_file import Configuration
    from vsphere_session.settings.environment import FamilySource
    from vsphere_session.storage.reading import Reader

    Said = Mapping[str, str]


def login_settings(
    said: tuple[Said, Said, Said, Said],
    *,
    config: Configuration,
    families: Sequence[FamilySource],
    reader: Reader,
    environ: Mapping[str, str],
    seconds: float,
) -> LoginSettings:
    """What the request, the environment, and the configuration for this endpoint and in general say together.

    `families` are those of the environment that may be used for this endpoint.
    """
    request, variables, own, general = said
    govc = any(family.named("url") == "GOVC_URL" for family in families)
    usable = {field: text for field, text in variables.items() if govc or not VARIABLES[field].startswith("GOVC_")}
    directory, file = config.directory(), config.path
    levels = [
        Level("the request", request, has_password="password" in request),
        Level("the environment", usable, has_password=any(family.is_set("password") for family in families)),
        Level("the configuration of this endpoint", own, directory=directory, file=file),
        Level("the configuration", general, directory=directory, file=file),
    ]
    return LoginSettings(LoginValues(levels, reader, environ, seconds))
