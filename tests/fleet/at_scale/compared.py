"""The same crowds with a fleet and without one: what the vCenter has to bear."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.at_scale.crowd import together
from fleet.at_scale.figures import Measured, Row
from fleet.at_scale.stage import stage

WITH, WITHOUT = "with a fleet", "without one"
REFUSED = {"session-limit", "unreachable"}
"""What a call says that the vCenter has no session for: over SOAP it answers 503, and does not say why."""


def compared(engine: str, size: int) -> Iterator[Row]:
    """Machines that share nothing make a login of each kind for each, and none any more at the vCenter's limit."""
    for count in (size // 100, size // 10, 3 * size // 10, 6 * size // 10, size):
        for scene in (WITHOUT, WITH):
            with stage(engine) as here:
                measured = Measured(here)
                crowd = together(here.runners(count, shares=scene == WITH))
                assert set(crowd.errors) <= (REFUSED if scene == WITHOUT else set()), crowd.errors
                assert measured.logins() == (2 if scene == WITH else 2 * len(crowd.good))
                yield measured.row(scene, crowd)
