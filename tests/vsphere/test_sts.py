"""A token from vCenter's security token service: where that is asked for, what is sent, and what its faults mean."""

from __future__ import annotations

import re
from email.utils import formatdate

import pytest

from crypto.keys import kind, rsa_key
from peers import VcSim
from support.program import PASSWORD, USER
from vsphere.judges import NAMES, found, text
from vsphere.made_tokens import NOW, is_signed, reply, token
from vsphere_session.clock import Clock
from vsphere_session.crypto.private_key import PrivateKey
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import (
    InvalidRequestError,
    LoginRefusedError,
    SessionError,
    UnreachableError,
    UnsupportedError,
)
from vsphere_session.http.response import Response
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust
from vsphere_session.vsphere import sts_location
from vsphere_session.vsphere.saml import Assertion
from vsphere_session.vsphere.security import KeyHolder
from vsphere_session.vsphere.sts import NoStsError
from vsphere_session.vsphere.token_messages import Credential

VCENTER = parse_endpoint("https://vc.example.com/sdk")
PERSON = Credential("alice@corp", "hunter2")
ROBOT = Credential(key_holder=KeyHolder(b"der", PrivateKey(kind("PKCS#8", rsa_key())).sign))
BOTH = Credential("alice@corp", "hunter2", ROBOT.key_holder)
WST, WSSE = NAMES["wst"], NAMES["wsse"]
FAULT = (
    '<?xml version="1.0" ?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault xmlns:ns4="urn:other">'
    '<faultcode xmlns:ns0="{}">ns0:{}</faultcode><faultstring>{}</faultstring></S:Fault></S:Body></S:Envelope>'
)
OPTION = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><QueryOptionsResponse xmlns="urn:vim25">'
    "<returnval><key>config.vpxd.sso.sts.uri</key><value>{}</value></returnval></QueryOptionsResponse></soapenv:Body></soapenv:Envelope>"
)
NOT_THERE = Response(404, [], b"")
NOT_TOLD = Response(200, [], OPTION.format("").encode())


class StoppedClock(Clock):
    """It is always the same time."""

    def now(self) -> float:
        """As of the tokens."""
        return NOW


class Network:
    """Servers by host and path; what was asked of them is noted."""

    def __init__(self, *answers: tuple[str, Response | SessionError]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.headers: dict[str, str] = {}
        self.closed = 0

    def connect(self, endpoint: Endpoint) -> Transport:
        """A way to one of them."""
        return _Line(self, endpoint)  # type: ignore[return-value]

    def issue(self, asking: Credential = PERSON, *, vcenter: Endpoint = VCENTER, sts_url: str = "") -> Assertion:
        """A token from them; no connection is left open."""
        try:
            return sts_location.issue(asking, vcenter, self.connect, StoppedClock(), sts_url=sts_url)
        finally:
            assert self.closed == len(self.asked)


class _Line:
    def __init__(self, network: Network, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._network = network

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        network = self._network
        network.asked.append(f"{self.endpoint.url}")
        network.bodies.append(body)
        network.headers = headers
        assert (method, path) == ("POST", self.endpoint.escaped_path)
        answer = network.answers.get(self.endpoint.url, NOT_THERE)
        if isinstance(answer, SessionError):
            raise answer
        return answer

    def close(self) -> None:
        self._network.closed += 1


def good(inner: str | None = None) -> Response:
    return Response(200, [], reply(inner or token()).encode())


def refusal(
    asking: Credential, code: str, said: str = "", *, namespace: str = WST, ahead: float | None = 0
) -> SessionError:
    date = [] if ahead is None else [("date", formatdate(NOW + ahead, usegmt=True))]
    body = FAULT.format(namespace, code, said).encode()
    network = Network(("https://vc.example.com/sts/STSService", Response(500, date, body)))
    with pytest.raises(SessionError) as caught:
        network.issue(asking)
    assert len(network.asked) == 1
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


# ---- what is sent, what comes back


def test_a_token_is_asked_for_in_its_usual_place_and_comes_back_as_it_was_signed() -> None:
    inner = token(ends=NOW + 120)
    network = Network(("https://vc.example.com/sts/STSService", good(inner)))
    issued = network.issue()
    assert network.asked == ["https://vc.example.com/sts/STSService"]
    assert network.headers == {
        "Content-Type": 'text/xml; charset="utf-8"',
        "SOAPAction": '"http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"',
    }
    assert text(network.bodies[0], "//wsse:UsernameToken/wsse:Username") == "alice@corp"
    assert issued.text == inner
    assert is_signed(issued.text)
    assert issued.not_on_or_after == NOW + 120  # what was granted, not what was asked for


def test_a_robot_sends_no_user_name() -> None:
    network = Network(("https://vc.example.com/sts/STSService", good(token(method="holder-of-key"))))
    assert network.issue(ROBOT).holder_of_key
    assert found(network.bodies[0], "//wsse:UsernameToken") == []


def test_the_simulators_service_issues_a_token(vcsim: VcSim) -> None:
    """It looks at nothing that is sent, is at its tenant's path alone, and tells of that only who is logged in."""

    def connect(endpoint: Endpoint) -> Transport:
        return Transport(endpoint, Trust(ca_file=str(vcsim.ca_file)), clock=Clock(), timeout=30)

    vcenter, asking = parse_endpoint(vcsim.url), Credential(USER, PASSWORD)
    sts_url = f"https://{vcsim.authority}/sts/STSService/vsphere.local"
    issued = sts_location.issue(asking, vcenter, connect, Clock(), sts_url=sts_url)
    assert issued.name_id == "Administrator@VSPHERE.LOCAL"
    with pytest.raises(NoStsError, match="check sts_url"):
        sts_location.issue(asking, vcenter, connect, Clock())


# ---- where it is


def test_a_url_that_is_given_is_the_only_place() -> None:
    network = Network(("https://vc.example.com/sts/STSService", good()))
    with pytest.raises(NoStsError, match=r"sts\.corp has no token service at /x .*check sts_url"):
        network.issue(sts_url="https://sts.corp/x")
    assert network.asked == ["https://sts.corp/x"]


@pytest.mark.parametrize("sts_url", ["sts.corp", "https://user:secret@sts.corp/sts/STSService"])
def test_a_host_is_enough_and_a_user_in_it_is_nobody(sts_url: str) -> None:
    network = Network(("https://sts.corp/sts/STSService", good()))
    network.issue(sts_url=sts_url)
    assert network.asked == ["https://sts.corp/sts/STSService"]


def test_where_there_is_none_vcenters_own_setting_tells_without_a_login() -> None:
    network = Network(
        (
            "https://vc.example.com:8443/sdk",
            Response(200, [], OPTION.format("https://psc.corp/sts/STSService/corp").encode()),
        ),
        ("https://psc.corp/sts/STSService/corp", good()),
    )
    network.issue(vcenter=parse_endpoint("vc.example.com:8443"))
    assert network.asked == [
        "https://vc.example.com:8443/sts/STSService",
        "https://vc.example.com:8443/sdk",
        "https://psc.corp/sts/STSService/corp",
    ]
    assert b"hunter2" not in network.bodies[1]


def test_a_name_that_only_vcenter_knows_means_vcenter() -> None:
    network = Network(
        (
            "https://vc.example.com/sdk",
            Response(200, [], OPTION.format("https://psc.local/sts/STSService/corp").encode()),
        ),
        ("https://psc.local/sts/STSService/corp", UnreachableError("the host name psc.local cannot be found")),
        ("https://vc.example.com/sts/STSService/corp", good()),
    )
    network.issue()
    assert network.asked[2:] == ["https://psc.local/sts/STSService/corp", "https://vc.example.com/sts/STSService/corp"]


def test_a_password_that_was_sent_without_an_answer_is_not_sent_again() -> None:
    lost = UnreachableError("psc.local did not answer")
    lost.unanswered = True
    network = Network(
        ("https://vc.example.com/sdk", Response(200, [], OPTION.format("https://psc.local/sts/STSService").encode())),
        ("https://psc.local/sts/STSService", lost),
    )
    with pytest.raises(UnreachableError, match="did not answer"):
        network.issue()
    assert len(network.asked) == 3


@pytest.mark.parametrize(
    "told",
    [
        "",
        "https://VC.example.com:443/sts/STSService",
        "http://psc.corp/sts",
        "not a url",
        "ftp://x/",
        "https://" + "a" * 2000,
    ],
)
def test_a_setting_that_helps_nobody_leaves_the_first_error(told: str) -> None:
    network = Network(("https://vc.example.com/sdk", Response(200, [], OPTION.format(told).encode())))
    with pytest.raises(NoStsError, match=r"vc\.example\.com has no token service at /sts/STSService \(404\)"):
        network.issue()
    assert network.asked == ["https://vc.example.com/sts/STSService", "https://vc.example.com/sdk"]


@pytest.mark.parametrize("answer", [Response(500, [], b"oops"), Response(200, [], b"<a/>"), UnreachableError("away")])
def test_so_does_one_that_is_not_told(answer: Response | SessionError) -> None:
    with pytest.raises(NoStsError):
        Network(("https://vc.example.com/sdk", answer)).issue()


def test_nothing_is_sent_in_clear() -> None:
    network = Network()
    with pytest.raises(InvalidRequestError, match="never sent in clear"):
        network.issue(sts_url="http://sts.corp/sts/STSService")
    assert network.asked == []


# ---- faults


@pytest.mark.parametrize(
    ("asking", "counts", "match"),
    [
        (PERSON, True, "refused the login .*Invalid credentials.*lock accounts"),
        (BOTH, True, "refused the login .*then the certificate"),
        (ROBOT, False, "refused the certificate .*registered in vCenter's SSO"),
    ],
)
def test_a_refusal_counts_towards_a_lock_out_only_where_a_password_was_tried(
    asking: Credential, counts: bool, match: str
) -> None:
    refused = refusal(asking, "FailedAuthentication", "Invalid credentials")
    assert isinstance(refused, LoginRefusedError)
    assert refused.of_credential is counts
    with pytest.raises(LoginRefusedError, match=match):
        raise refused


@pytest.mark.parametrize(
    ("ahead", "said"), [(660, "11 minutes ahead of"), (-660, "11 minutes behind"), (100, "100 s ahead of")]
)
@pytest.mark.parametrize(("code", "namespace"), [("InvalidTimeRange", WST), ("MessageExpired", WSSE)])
def test_a_wrong_clock_is_told_by_how_much_it_is_wrong(ahead: float, said: str, code: str, namespace: str) -> None:
    refused = refusal(
        PERSON, code, "the time now Thu does not fall in the request lifetime", namespace=namespace, ahead=ahead
    )
    assert f"its clock is {said} this machine's; set the clocks" in str(refused)
    assert isinstance(refused, LoginRefusedError)
    assert not refused.of_credential


def test_a_clock_is_told_by_the_text_where_the_answer_has_no_date() -> None:
    said = "The time now 2026-09-21T14:24:20.090Z does not fall in the request lifetime [2026-09-21T14:13:20Z; 2026-09-21T14:14:20Z)"
    assert "its clock is 11 minutes ahead of this machine's" in str(
        refusal(PERSON, "MessageExpired", said, namespace=WSSE, ahead=None)
    )


def test_a_certificate_that_the_sts_speaks_of_counts_more_than_clocks() -> None:
    assert "KB 316619" in str(refusal(PERSON, "InvalidTimeRange", "Signing certificate is not valid at Thu", ahead=100))


@pytest.mark.parametrize(("ahead", "said"), [(0, "so the STS's"), (None, "if the clocks agree, the STS's")])
def test_where_clocks_agree_the_certificate_of_the_sts_has_expired(ahead: float | None, said: str) -> None:
    assert f"{said} signing certificate has expired: renew it (VMware KB 316619)" in str(
        refusal(PERSON, "InvalidTimeRange", ahead=ahead)
    )
    assert "certificate" not in str(refusal(PERSON, "MessageExpired", namespace=WSSE, ahead=ahead))


@pytest.mark.parametrize(
    ("namespace", "code", "kind_of", "match"),
    [
        (WST, "RequestFailed", UnreachableError, "fault RequestFailed"),
        (WST, "InvalidRequest", LoginRefusedError, "what its user may ask for"),
        (WSSE, "FailedCheck", LoginRefusedError, "did not arrive as it was made"),
        (WSSE, "UnsupportedSecurityToken", LoginRefusedError, "ways to authenticate"),
        (WSSE, "InvalidSecurity", UnsupportedError, "does not take this kind of request"),
        (WSSE, "UnsupportedAlgorithm", UnsupportedError, "does not take this kind of request"),
        (WST, "Unheard\u202eOf", UnreachableError, "fault Unheard Of"),
        ("urn:other", "FailedAuthentication", UnreachableError, "fault FailedAuthentication"),
    ],
)
def test_a_fault_means_what_its_namespace_says(
    namespace: str, code: str, kind_of: type[SessionError], match: str
) -> None:
    """Its prefix is made up for each answer; the same name elsewhere is another fault."""
    error = refusal(PERSON, code, "text of the server", namespace=namespace)
    assert type(error) is kind_of
    assert not getattr(error, "of_credential", False)
    with pytest.raises(kind_of, match=match):
        raise error
    assert "text of the server" in str(error)


def test_a_server_that_repeats_the_password_does_not_make_us_show_it() -> None:
    assert "user alice …" in str(refusal(PERSON, "FailedAuthentication", "user alice hunter2"))
    assert "fault Bad…" in str(refusal(PERSON, "Badhunter2"))


def no_answer(network: Network) -> str:
    with pytest.raises(SessionError) as caught:
        network.issue()
    return f"{caught.value.kind}: {caught.value}"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(200, [], b"<html><body>Sign in</body></html>"), "unreachable: .*not a token"),
        (Response(200, [], b"<html>"), "unreachable: .*not a token"),
        (Response(200, [], b""), "unreachable: .*not a token"),
        (good("<a/>"), "unreachable: .*not a token"),
        (good(token("", signed=False)), "unreachable: .*not a token"),
        (Response(500, [], b"<html/>"), "unreachable: .*HTTP status 500"),
        (Response(503, [], b""), "unreachable: .*not available"),
        (Response(405, [], b""), "unsupported: .*no token service"),
        (Response(500, [], FAULT.encode()[:-9]), "unreachable: .*500"),
        (Response(500, [], FAULT.replace("<faultcode", "<a").replace("/faultcode", "/a").encode()), "unreachable: .*fault Fault"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_called_that(response: Response, expected: str) -> None:
    network = Network(("https://vc.example.com/sts/STSService", response), ("https://vc.example.com/sdk", NOT_TOLD))
    shown = no_answer(network)
    assert re.match(expected, shown), shown
