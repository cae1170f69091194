"""Where a vCenter's security token service is: where it was named, else in its usual place, else where vCenter says.

The usual place is the only one from vCenter 7.0 on. Before, a Platform Services Controller could be elsewhere, and
vCenter tells by a setting that it shows to everybody. govmomi asks the lookup service as well, which needs not be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.endpoint import SOAP_PATH, Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError, SessionError, UnreachableError
from vsphere_session.http.limits import MAX_NAME_CHARACTERS
from vsphere_session.vsphere.faults import SoapFaultError
from vsphere_session.vsphere.soap import SoapWire
from vsphere_session.vsphere.sts import NoStsError, Sts
from vsphere_session.vsphere.token_messages import TOKEN_LIFE

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Clock
    from vsphere_session.http.transport import Transport
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.token_messages import Credential

    Connect = Callable[[Endpoint], Transport]
    """A transport to an endpoint with the trust that its user has set for it: vCenter's pin is for vCenter alone."""

WELL_KNOWN = "/sts/STSService"
_SETTING = "config.vpxd.sso.sts.uri"
_QUESTION = ("QueryOptions", f'<_this type="OptionManager">VpxSettings</_this><name>{_SETTING}</name>')


def issue(
    asking: Credential,
    vcenter: Endpoint,
    connect: Connect,
    clock: Clock,
    *,
    sts_url: str = "",
    life: float = TOKEN_LIFE,
) -> Assertion:
    """A token from the STS of a vCenter, wherever that is. Raises as `Sts.issue` does.

    sts_url  where to look and nowhere else; empty if nobody has said
    life     seconds
    """

    def ask(place: Endpoint) -> Assertion:
        transport = connect(place)
        try:
            return Sts(transport, clock).issue(asking, life)
        finally:
            transport.close()

    if sts_url:
        return ask(_safe(parse_endpoint(sts_url), vcenter))
    usual = _at(vcenter, WELL_KNOWN)
    try:
        return ask(usual)
    except NoStsError as error:
        told = _told_by(vcenter, connect)
        if told is None or (told.place, told.path) == (usual.place, usual.path):
            raise error from None
    try:
        return ask(told)
    except UnreachableError as error:
        if error.unanswered or told.place == vcenter.place:
            raise
    return ask(_at(vcenter, told.path))  # a name that only vCenter knows (govmomi, 7a02bd92); nothing was sent there


def _told_by(vcenter: Endpoint, connect: Connect) -> Endpoint | None:
    """What the setting says, which needs no login; None where it says nothing of use."""
    transport = connect(vcenter)
    try:
        found = SoapWire(transport).ask(*_QUESTION).find("returnval")
        url = found.value("value") if found is not None and found.value("key") == _SETTING else ""
        return _safe(parse_endpoint(url), vcenter) if 0 < len(url) <= MAX_NAME_CHARACTERS else None
    except (SessionError, SoapFaultError):  # what is known already, that there is no STS, says more
        return None
    finally:
        transport.close()


def _safe(sts: Endpoint, vcenter: Endpoint) -> Endpoint:
    if sts.scheme != "https" and vcenter.scheme == "https":
        raise InvalidRequestError(
            "the sts_url does not begin with https, and a password is never sent in clear; correct it"
        )
    return _at(sts, WELL_KNOWN if sts.path == SOAP_PATH else sts.path)


def _at(server: Endpoint, path: str) -> Endpoint:
    return Endpoint(server.scheme, server.authority, path, "", None)
