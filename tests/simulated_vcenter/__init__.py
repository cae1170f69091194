"""A vCenter's session services, simulated: for this project's tests and for trying it out.

    from simulated_vcenter import SimulatedVCenter, faults

    with SimulatedVCenter() as vc:
        vc.faults.add("Login", faults.status(503), times=1)

It answers what is needed to log in, to ask whose session one has, and to end it, over SOAP and both REST
session services, as a vCenter 8 or an ESXi host does; and it misbehaves on demand.

Ways in other than a password are there if asked for, and what is not asked for is not even imported:

    from simulated_vcenter.identity_provider import IdentityProvider
    from simulated_vcenter.sts import Sts

    with SimulatedVCenter(sts=Sts(), identity_provider=IdentityProvider(), tunnel=True) as vc:
        vc.sts.register_solution_user("robot-1", certificate_pem)       # may ask for tokens by its certificate
        token = vc.sts.issue_for_test("alice@vsphere.local", life=300)  # an assertion, no questions asked
        vc.register_extension("com.example.backup", certificate_pem)    # may log in at vc.tunnel_port
        vc.identity_provider.register_client("cli", redirect_uris=["http://localhost:8844/auth"])

All of them verify what they are shown: `vc.refusals` says why something was refused, which clients are not told.
`ticket_server.TicketServer` serves clone tickets, `judges.verdicts` has two judges look at a signed message out of
`vc.requests`, `keys.new_pair` makes certificates.
"""

from simulated_vcenter import faults
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request
from simulated_vcenter.sessions import Session
from simulated_vcenter.switchboard import Fault
from simulated_vcenter.vcenter import SimulatedVCenter

__all__ = ["Clock", "Fault", "Request", "Session", "SimulatedVCenter", "faults"]
