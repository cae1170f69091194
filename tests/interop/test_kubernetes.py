"""Kubernetes' ExecCredential with the real kubectl: the REST session is the bearer token."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from interop.cluster import Cluster
from interop.desk import Desk
from support.pages import snippet
from support.program import PASSWORD, Reply

PROGRAM = "vsphere-session"
ARGUMENTS = ("--protocol", "kubernetes")
GROUP = "client.authentication.k8s.io"
VERSIONS = [f"{GROUP}/v1", f"{GROUP}/v1beta1"]


@pytest.fixture
def cluster(desk: Desk) -> Iterator[Cluster]:
    """An API server that lets in whoever has a REST session on the vCenter."""

    def good(token: str) -> bool:
        return token in {session.id for session in desk.vcenter.sessions if session.kind == "rest"}

    with Cluster(good) as server:
        yield server


class Kubectl:
    """kubectl with the page's user, who runs this program, in its kubeconfig."""

    def __init__(self, desk: Desk, cluster: Cluster, version: str) -> None:
        self.desk = desk
        self.calls = desk.recorder(PROGRAM)
        it = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [
                {"name": "it", "cluster": {"server": cluster.url, "certificate-authority": str(cluster.ca_file)}}
            ],
            "contexts": [{"name": "it", "context": {"cluster": "it"}}],
        }
        (desk.home / "it").write_text(json.dumps(it), encoding="utf-8")
        named = desk.shell(snippet("kubernetes", "context"), KUBECONFIG=str(desk.home / "it"))
        assert named.status == 0, named
        user = snippet("kubernetes", "user", {"vc.example.com": desk.vcenter.authority, f"{GROUP}/v1": version})
        (desk.home / "user").write_text(f"apiVersion: v1\nkind: Config\n{user}", encoding="utf-8")
        self.kubeconfig = os.pathsep.join([str(desk.home / "it"), str(desk.home / "user")])

    def run(self, *arguments: str) -> Reply:
        """Run kubectl."""
        cache = f"--cache-dir={self.desk.home / 'kube-cache'}"
        return self.desk.run("kubectl", cache, *arguments, KUBECONFIG=self.kubeconfig)

    @property
    def times_called(self) -> int:
        """How often kubectl has run the program."""
        return len(self.calls.read_text(encoding="utf-8").splitlines())


def ask(desk: Desk, version: str, *arguments: str, **spec: object) -> Reply:
    info = {"kind": "ExecCredential", "apiVersion": version, "spec": {"interactive": False, **spec}}
    return desk.run(PROGRAM, *ARGUMENTS, *arguments, KUBERNETES_EXEC_INFO=json.dumps(info))


@pytest.mark.parametrize("version", VERSIONS)
def test_kubectl_sends_the_session_as_its_token(desk: Desk, cluster: Cluster, version: str) -> None:
    """One login on the vCenter serves every run of kubectl, in both versions of the API."""
    kubectl = Kubectl(desk, cluster, version)
    for _ in range(2):
        done = kubectl.run("get", "namespaces", "-o", "name")
        assert done.status == 0, done
        assert (done.stdout, done.stderr) == (b"namespace/one-of-ours\n", "")
    (session,) = desk.vcenter.sessions
    assert set(cluster.tokens) == {session.id}
    assert kubectl.times_called == 2


def test_a_401_makes_kubectl_run_it_again(desk: Desk, cluster: Cluster) -> None:
    """The session ends while kubectl has it: the second run of the program sees that, and logs in anew."""
    kubectl = Kubectl(desk, cluster, VERSIONS[0])
    assert kubectl.run("get", "namespaces").status == 0
    (old,) = desk.vcenter.sessions
    good = cluster.good

    def end_it_at_first(token: str) -> bool:
        if token == old.id:
            desk.vcenter.end_all()
        return good(token)

    cluster.good = end_it_at_first
    before = kubectl.times_called
    done = kubectl.run("get", "namespaces", "-o", "name")
    (new,) = desk.vcenter.sessions
    assert kubectl.times_called == before + 2, (done, cluster.tokens)
    assert new.id != old.id
    assert kubectl.run("get", "namespaces").status == 0
    assert cluster.tokens[-1] == new.id


def test_kubectl_shows_why_there_is_no_token(desk: Desk, cluster: Cluster) -> None:
    """The line on stderr comes through to the user; the API server is sent nothing."""
    kubectl = Kubectl(desk, cluster, VERSIONS[0])
    with desk.vcenter.offline():
        done = kubectl.run("get", "namespaces")
    assert done.status != 0
    assert snippet("kubernetes", "error", {"vc.example.com": desk.vcenter.authority}) in done.stderr
    assert PASSWORD not in done.stderr
    assert [token for token in cluster.tokens if token] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_answer_has_the_version_that_was_asked_for(desk: Desk, version: str) -> None:
    """client-go refuses any other; the token's end is RFC 3339 in whole seconds, UTC."""
    done = ask(desk, version)
    assert (done.status, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    status = answer.pop("status")
    assert answer == {"apiVersion": version, "kind": "ExecCredential"}
    (session,) = desk.vcenter.sessions
    assert status.pop("token") == session.id
    expires = status.pop("expirationTimestamp")
    assert len(expires) == len("2027-01-15T08:00:00Z")
    assert expires.endswith("Z")
    assert status == {}


def test_an_argument_names_the_endpoint(desk: Desk) -> None:
    """One kubeconfig may serve several vCenters; the path decides which of its sessions is the token."""
    assert ask(desk, VERSIONS[0], f"https://{desk.vcenter.authority}/sdk").status == 0
    assert [session.kind for session in desk.vcenter.sessions] == ["soap"]
    assert ask(desk, VERSIONS[0], desk.vcenter.authority).status == 0
    assert sorted(session.kind for session in desk.vcenter.sessions) == ["rest", "soap"]


def test_the_rest_of_the_request_is_ignored(desk: Desk) -> None:
    """With `provideClusterInfo` the request describes the cluster, too."""
    assert ask(desk, VERSIONS[0], cluster={"server": "https://10.0.0.1:6443", "config": None}).status == 0
    assert desk.vcenter.session_count == 1


@pytest.mark.parametrize(
    "info",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "ExecCredential"}',
        '{"kind": "ExecCredential", "apiVersion": ["client.authentication.k8s.io/v1"]}',
        '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1alpha1"}',
        '{"kind": "Secret", "apiVersion": "client.authentication.k8s.io/v1"}',
    ],
)
def test_what_is_no_request_is_an_error(desk: Desk, info: str) -> None:
    """Status 2, one line on stderr, nothing on stdout, and nobody is asked."""
    done = desk.run(PROGRAM, *ARGUMENTS, KUBERNETES_EXEC_INFO=info)
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, b"", 1)
    assert desk.vcenter.requests == []


def test_a_host_that_is_not_configured_is_an_error(desk: Desk) -> None:
    """It gets no login and no network; what is stored for it elsewhere is no token."""
    done = ask(desk, VERSIONS[0], "other.example.com")
    assert (done.status, done.stdout) == (10, b"")
    assert '[endpoint."other.example.com"]' in done.stderr
    assert desk.vcenter.requests == []


def test_stdin_is_left_alone(desk: Desk) -> None:
    """Kubectl attaches it to its own user only: an open pipe does not make the program wait."""
    info = json.dumps({"kind": "ExecCredential", "apiVersion": VERSIONS[0]})
    process = desk.start(PROGRAM, *ARGUMENTS, KUBERNETES_EXEC_INFO=info)
    try:
        assert process.wait(timeout=60) == 0  # stdin is open all this time
    finally:
        process.kill()
        process.communicate()
    assert desk.vcenter.session_count == 1
