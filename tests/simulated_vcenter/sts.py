"""The Security Token Service: who may have a token, for how long, and what it then says.

    with SimulatedVCenter(sts=Sts()) as vc:
        vc.sts.register_solution_user("robot-1", certificate_pem)
        token = vc.sts.issue_for_test("alice@vsphere.local", life=300)

What it checks and how it refuses is Lightwave's, the published form of vCenter's own.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from simulated_vcenter import assertions, keys, sts_messages
from simulated_vcenter.accounts import Accounts
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request, Response, text_response
from simulated_vcenter.sts_messages import Asked, Authenticated
from simulated_vcenter.tokens import TOLERANCE_SECONDS
from simulated_vcenter.ws_security import WsFault, opened

PATH = "/sts/STSService"
ISSUER = "https://simulated-vcenter/websso/SAML2/Metadata/vsphere.local"
AUDIENCE = "https://simulated-vcenter/sdk"
_DAY = 86400.0


@dataclass(frozen=True)
class SolutionUser:
    """A program's account: known by its certificate."""

    name: str
    certificate: x509.Certificate
    enabled: bool = True


@functools.cache
def _signing_keys() -> tuple[keys.KeyPair, keys.KeyPair]:
    """Make the authority and its signer once in a process: that takes longer than most tests."""
    authority = keys.new_pair("CA")
    return authority, keys.new_pair("ssoserverSign", issuer=authority)


class Sts:
    """A token service beside one simulated vCenter, whose accounts and clock it takes.

    Lives are in seconds: no token is valid for longer, whatever was asked. `string_type` is the type of attribute
    values. With `namespaces_outside` the reply declares the assertion's prefixes on its envelope. `groups` are those of
    everybody. With `session_ends_with_token` no session outlives the token that made it. With `strict_version` a login
    by token under a SOAPAction that the server does not know is refused.
    """

    def __init__(
        self,
        *,
        tenant: str = "vsphere.local",
        bearer_life: float = 300.0,
        holder_of_key_life: float = 30 * _DAY,
        string_type: str = "xs:string",
        namespaces_outside: bool = False,
        groups: Sequence[str] = ("vsphere.local\\Users", "vsphere.local\\Everyone"),
        session_ends_with_token: bool = False,
        strict_version: bool = False,
    ) -> None:
        self.tenant, self.string_type, self.groups = tenant, string_type, tuple(groups)
        self.bearer_life, self.holder_of_key_life = bearer_life, holder_of_key_life
        self.namespaces_outside, self.session_ends_with_token = namespaces_outside, session_ends_with_token
        self.strict_version = strict_version
        self.authority, self.signer = _signing_keys()
        self.locked: set[str] = set()  # accounts as configured: told apart from a wrong password, as Lightwave does
        self.password_expired: set[str] = set()
        self._solution_users: dict[str, SolutionUser] = {}
        self.clock, self.accounts, self.refusals = Clock(), Accounts({}), list[str]()

    def attach(self, clock: Clock, accounts: Accounts, refusals: list[str]) -> None:
        """Belong to a vCenter from now on."""
        self.clock, self.accounts, self.refusals = clock, accounts, refusals

    # What a test does to it

    def register_solution_user(self, name: str, certificate: str | bytes | x509.Certificate) -> None:
        """Let a program in by this certificate (PEM); one of the same subject is replaced."""
        loaded = keys.load(certificate)
        self._solution_users[loaded.subject.rfc4514_string()] = SolutionUser(name, loaded)

    def disable_solution_user(self, name: str) -> None:
        """Keep its registration and refuse it."""
        for subject, user in self._solution_users.items():
            if user.name == name:
                self._solution_users[subject] = SolutionUser(name, user.certificate, enabled=False)

    def expire_signing_certificate(self) -> None:
        """Sign with a certificate that ended an hour ago by the vCenter's clock: nothing is issued any more."""
        end = datetime.fromtimestamp(self.clock.now(), UTC) - timedelta(hours=1)
        self.signer = keys.new_pair(
            "ssoserverSign", issuer=self.authority, not_before=end - timedelta(days=3650), not_after=end
        )

    def issue_for_test(
        self,
        name: str,
        *,
        life: float = 300.0,
        begins: float = 0.0,
        holder_of_key: str | bytes | x509.Certificate | None = None,
        audience: str = AUDIENCE,
        groups: Sequence[str] | None = None,
        signer: keys.KeyPair | None = None,
    ) -> str:
        """Return an assertion, no questions asked.

        `name` is in UPN form. It begins so many seconds from now and is bound to a certificate's key if that is given;
        with another `signer` it is a forgery.
        """
        now = self.clock.now()
        certificate = None if holder_of_key is None else keys.load(holder_of_key)
        claims = self._claims(name, now + begins, now + begins + life, certificate, audience=audience, groups=groups)
        return assertions.signed(claims, signer or self.signer, self.authority)

    # How a request is answered

    def answer(self, request: Request) -> Response:
        """Return the answer to a POST to the service's path."""
        tenant = request.path.partition("?")[0].removeprefix(PATH).strip("/")
        if tenant not in {"", self.tenant}:
            return Response(404)
        if request.method != "POST":
            return text_response(405, "the STS takes POST only\n")
        action = request.headers.get("soapaction", "").strip('"')
        kind = action.removeprefix(sts_messages.ACTION)
        if kind not in {"Issue", "Renew", "Validate"} or not action.startswith(sts_messages.ACTION):
            return Response(404)
        try:
            return self._carry_out(request, kind)
        except WsFault as fault:
            self.refusals.append(fault.reason)
            return fault.response()

    def _carry_out(self, request: Request, kind: str) -> Response:
        if not request.headers.get("content-type", "").startswith("text/xml") or "content-encoding" in request.headers:
            raise WsFault("wst:InvalidRequest", "Invalid request", "not plain text/xml")
        now = self.clock.now()
        message = opened(request.body, now)
        caller = sts_messages.authenticated(self, message, now)
        asked = sts_messages.asked(caller.body, kind)
        sts_messages.check_combination(asked, caller)
        if kind == "Renew":
            raise WsFault("wst:UnableToRenew", "The token is not renewable", "no token is renewable here")
        if kind == "Validate":
            raise WsFault("wst:RequestFailed", "Request failed", "there is no Validate here")
        return self._issue(asked, caller, now)

    def _issue(self, asked: Asked, caller: Authenticated, now: float) -> Response:
        if abs(asked.created - now) > TOLERANCE_SECONDS:
            raise WsFault(
                "wst:InvalidTimeRange",
                "The requested token start time differs from the issue instant more than the acceptable deviation"
                f" (clock tolerance) of {TOLERANCE_SECONDS * 1000:.0f} ms. Requested token start"
                f" time={assertions.time(asked.created)}, issue instant={assertions.time(now)}."
                " This might be due to a clock skew problem.",
                "Lifetime starts too early or too late",
            )
        signing = self.signer.certificate
        if not signing.not_valid_before_utc.timestamp() <= now < signing.not_valid_after_utc.timestamp():
            raise WsFault(
                "wst:InvalidTimeRange",
                f"Signing certificate is not valid at {assertions.time(now)}, cert validity: TimePeriod"
                f" [startTime={assertions.time(signing.not_valid_before_utc.timestamp())},"
                f" endTime={assertions.time(signing.not_valid_after_utc.timestamp())}]",
                "the STS's signing certificate has expired",
            )
        longest = self.bearer_life if asked.bearer else self.holder_of_key_life
        bound = None if asked.bearer else caller.certificate
        ends = [asked.expires, asked.created + longest, signing.not_valid_after_utc.timestamp()]
        if bound is not None:
            ends.append(bound.not_valid_after_utc.timestamp())
        claims = self._claims(caller.name, asked.created, min(ends), bound, solution=caller.solution)
        token = assertions.signed(claims, self.signer, self.authority)
        return sts_messages.reply(token, claims, asked, outside=self.namespaces_outside)

    def solution_user(self, certificate: x509.Certificate) -> SolutionUser | None:
        """Look up by the certificate's subject; whether it is the registered one is another question."""
        return self._solution_users.get(certificate.subject.rfc4514_string())

    def _claims(
        self,
        name: str,
        begin: float,
        end: float,
        certificate: x509.Certificate | None,
        *,
        solution: bool = False,
        audience: str = AUDIENCE,
        groups: Sequence[str] | None = None,
    ) -> assertions.Claims:
        return assertions.Claims(
            name,
            ISSUER,
            begin,
            end,
            certificate,
            audience,
            self.groups if groups is None else tuple(groups),
            solution,
            self.string_type,
        )
