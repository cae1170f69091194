"""The ways to log in, one module each behind one interface, and what servers have refused.

Whether a login is needed, and where its session goes, is the cache's to decide and never known here.

    from vsphere_session.login import ApiToken, Certificate, Extension, Impersonate, Oidc, Saml, Ticket, Token
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.login.ways import ApiToken as ApiToken
    from vsphere_session.login.ways import Certificate as Certificate
    from vsphere_session.login.ways import Extension as Extension
    from vsphere_session.login.ways import Impersonate as Impersonate
    from vsphere_session.login.ways import Login as Login
    from vsphere_session.login.ways import Oidc as Oidc
    from vsphere_session.login.ways import Saml as Saml
    from vsphere_session.login.ways import Ticket as Ticket
    from vsphere_session.login.ways import Token as Token

__all__ = ["ApiToken", "Certificate", "Extension", "Impersonate", "Login", "Oidc", "Saml", "Ticket", "Token"]


def __getattr__(name: str) -> object:
    """Import what a Python program names when it is first used: the executable needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vsphere_session.login import ways  # noqa: PLC0415  # not for a login of the executable

    return getattr(ways, name)
