"""A home in which the simulated vCenter is configured and its password stored, and the program under every caller's name."""

from __future__ import annotations

import pytest

from interop.desk import Desk
from simulated_vcenter import SimulatedVCenter
from support.program import Helper


@pytest.fixture
def desk(vcenter: SimulatedVCenter, helper: Helper) -> Desk:
    """The simulated vCenter is the default endpoint, its password is in the file store; nobody has logged in yet."""
    return Desk(helper, vcenter)
