"""Kubernetes says whose token it is, and a ticket is only for the service accounts that are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commands.serving import ApiServer, NoTicketError, Serving, shared_token, trusting
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.messages import Response, json_response, text_response
from support.program import Helper

CPI, OTHER, PERSON, OURS = "token-of-cpi-1", "token-of-a-pod", "token-of-someone", "token-of-the-server"
USERS = {
    CPI: "system:serviceaccount:kube-system:cloud-controller-manager",
    OTHER: "system:serviceaccount:default:default",
    PERSON: "kube-system:cloud-controller-manager",
}
USUAL = ["https://kubernetes.default.svc"]
AUDIENCES = {CPI: [*USUAL, "vsphere"], OTHER: [*USUAL, "vsphere"], PERSON: USUAL}
ACCOUNT = ("--service-account", "kube-system:cloud-controller-manager")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiServer]:
    """The cluster's API server; what shows it who is asking is in the file `own-token`."""
    (tmp_path / "own-token").write_text(OURS, encoding="ascii")
    with ApiServer(OURS, USERS, AUDIENCES) as server:
        yield server


def serving(
    helper: Helper, vcenter: SimulatedVCenter, place: Path, api: ApiServer, *options: str, url: bool = True
) -> Serving:
    parts = urlsplit(api.url)
    review = f"--token-review={api.url}" if url else "--token-review"
    pod = {} if url else {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(parts.port)}
    files = ("--review-ca", api.ca_file, "--review-token-file", str(place / "own-token"))
    return Serving(helper, vcenter, place, review, *ACCOUNT, *files, *options, token=None, environment=pod)


def outcome(server: Serving, token: str) -> str:
    """`ticket`, or the status."""
    try:
        shared_token(server.url, token, trusting(server.ca_file))
    except NoTicketError as error:
        return str(error)
    return "ticket"


@pytest.mark.parametrize("url", [True, False], ids=["by its URL", "as a pod finds it"])
def test_a_named_service_account_gets_a_ticket_and_no_other(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, api: ApiServer, url: bool
) -> None:
    with serving(helper, vcenter, tmp_path, api, url=url) as server:
        assert [outcome(server, token) for token in (CPI, OTHER, PERSON, "made-up", OURS)] == ["ticket", *["401"] * 4]
        assert api.reviews[0] == {"token": CPI}
        assert "a ticket for system:serviceaccount:kube-system:cloud-controller-manager" in server.log
        assert not [token for token in (CPI, OTHER, PERSON, OURS, "made-up") if token in server.log]


def test_a_token_has_to_be_meant_for_the_audience(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, api: ApiServer
) -> None:
    with serving(helper, vcenter, tmp_path, api, "--audience", "vsphere") as server:
        assert outcome(server, CPI) == "ticket"
        assert api.reviews[0] == {"token": CPI, "audiences": ["vsphere"]}
        api.audiences[CPI] = USUAL
        assert outcome(server, CPI) == "401"


def test_an_api_server_that_knows_no_audiences_vouches_for_none(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, api: ApiServer
) -> None:
    api.knows_audiences = False
    with serving(helper, vcenter, tmp_path, api, "--audience", "vsphere") as server:
        assert outcome(server, CPI) == "401"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (text_response(500, "etcd is away\n"), "503", "answered a TokenReview with HTTP status 500"),
        (text_response(200, "<html>"), "503", "no status of the token"),
        (json_response(201, {"status": []}), "503", "no status of the token"),
        (json_response(201, {"status": {"authenticated": "true"}}), "401", "a token of nobody"),
        (json_response(201, {"status": {"authenticated": True}}), "401", "a token of nobody"),
        (json_response(201, {"status": {"authenticated": True, "user": {"username": []}}}), "401", "a token of nobody"),
        (Response(302, b"", {"Location": "https://elsewhere/"}), "503", "redirects"),
        (Response(201, b"x" * (2 << 20), {}), "503", "an answer of more than"),
    ],
)
def test_what_is_no_review_lets_nobody_in(
    helper: Helper,
    vcenter: SimulatedVCenter,
    tmp_path: Path,
    api: ApiServer,
    answer: Response,
    status: str,
    said: str,
) -> None:
    api.answer = answer
    with serving(helper, vcenter, tmp_path, api) as server:
        assert outcome(server, CPI) == status
        assert said in server.log


def test_an_account_that_may_not_review_says_which_role_it_wants(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, api: ApiServer
) -> None:
    with serving(helper, vcenter, tmp_path, api) as server:
        (tmp_path / "own-token").write_text("another", encoding="ascii")
        assert outcome(server, CPI) == "500"
        assert "bind the ClusterRole system:auth-delegator to it" in server.log
        (tmp_path / "own-token").write_text(OURS, encoding="ascii")  # renewed in place, as kubelet does
        assert outcome(server, CPI) == "ticket"


def test_an_api_server_by_another_authority_sees_no_token(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, api: ApiServer
) -> None:
    with serving(helper, vcenter, tmp_path, api, "--path", "/session") as server:
        stranger = ApiServer(OURS, USERS, AUDIENCES)
        with stranger:
            Path(api.ca_file).write_bytes(Path(stranger.ca_file).read_bytes())
        assert outcome(server, CPI) == "500"
        assert api.reviews == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--token-review wants --service-account NAMESPACE:NAME"),
        (("--service-account", "default"), "--token-review wants --service-account NAMESPACE:NAME"),
        ((*ACCOUNT, "--token-file", "x"), "give either --token-file or --token-review"),
        (ACCOUNT, "KUBERNETES_SERVICE_HOST is not set, so this is no pod"),
    ],
)
def test_what_is_missing_is_said_before_it_starts(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    server = Serving(helper, vcenter, tmp_path, "--token-review", *options, token=None)
    reply = helper.run(*server.arguments)
    assert (reply.status in (2, 3), reply.stdout) == (True, b""), reply
    assert said in reply.stderr
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("server", ["http://127.0.0.1:1", "https://127.0.0.1/path", "127.0.0.1:1", "https://u@h/"])
def test_an_api_server_is_asked_by_https_alone(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, server: str
) -> None:
    arguments = Serving(helper, vcenter, tmp_path, f"--token-review={server}", *ACCOUNT, token=None).arguments
    reply = helper.run(*arguments)
    assert (reply.status, reply.stdout) == (2, b""), reply
    assert "--token-review" in reply.stderr
