"""A token from the STS of a vCenter, by the settings of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.login.ground import elsewhere
from vsphere_session.vsphere.sts_location import issue

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.token_messages import Credential

LONGEST_LIFE = 86400.0
"""Seconds that a token is asked for: the longest that a session is used. What is granted of it, the token says."""


def ask_sts(asking: Credential, ground: Ground, values: Values) -> Assertion:
    """A new token, from `sts_url` or the vCenter's own STS. Raises LoginRefusedError and others, see `Sts.issue`."""
    ground.tell(f"asking the STS of {ground.endpoint.place} for a token")
    return issue(
        asking,
        ground.endpoint,
        elsewhere(ground, values),
        ground.clock,
        sts_url=values.text("sts_url"),
        life=LONGEST_LIFE,
    )
