"""A vCenter's session services, simulated: for this project's tests and for trying it out.

    from simulated_vcenter import SimulatedVCenter, faults

    with SimulatedVCenter() as vc:
        vc.faults.add("Login", faults.status(503), times=1)

It answers what is needed to log in, to ask whose session one has, and to end it, over SOAP and both REST
session services, as a vCenter 8 or an ESXi host does; and it misbehaves on demand.
"""

from simulated_vcenter import faults
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request
from simulated_vcenter.sessions import Session
from simulated_vcenter.switchboard import Fault
from simulated_vcenter.vcenter import SimulatedVCenter

__all__ = ["Clock", "Fault", "Request", "Session", "SimulatedVCenter", "faults"]
