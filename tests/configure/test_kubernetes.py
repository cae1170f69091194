"""`configure kubernetes`: kubectl's configuration gets the user `vsphere`, who runs the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from configure.setting_up import OTHER, Setup
from interop.cluster import Cluster


@pytest.fixture
def kubeconfig(setup: Setup) -> Path:
    """A configuration with another user, as kubectl itself writes it."""
    done = setup.desk.run("kubectl", "config", "set-credentials", "me", "--token=mine")
    assert done.status == 0, done
    return setup.home / ".kube" / "config"


def users(setup: Setup) -> dict[str, dict[str, dict[str, object]]]:
    """The users that kubectl shows."""
    shown = json.loads(setup.desk.run("kubectl", "config", "view", "-o", "json").stdout)
    return {user["name"]: user["user"] for user in shown["users"]}


def test_kubectl_shows_the_user(setup: Setup, kubeconfig: Path) -> None:
    assert kubeconfig.exists()
    assert setup.ok("configure", "kubernetes") == ["set the user vsphere in kubectl's configuration"]
    assert users(setup)["vsphere"]["exec"] == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(setup.program),
        "args": ["--protocol", "kubernetes", f"https://{setup.authority}"],
        "env": None,
        "interactiveMode": "Never",
        "provideClusterInfo": False,
    }
    assert set(users(setup)) == {"me", "vsphere"}


def test_kubectl_logs_in_as_that_user(setup: Setup) -> None:
    setup.ok("configure", "kubernetes")

    def good(token: str) -> bool:
        return token in {session.id for session in setup.desk.vcenter.sessions}

    with Cluster(good) as cluster:
        options = (f"--server={cluster.url}", f"--certificate-authority={cluster.ca_file}", "--user=vsphere")
        done = setup.desk.run("kubectl", *options, "get", "namespaces", "-o", "name")
    assert done.stdout == b"namespace/one-of-ours\n", done


def test_it_is_done_once_and_undone_to_the_byte(setup: Setup, kubeconfig: Path) -> None:
    assert kubeconfig.exists()
    setup.round("kubernetes", changes=1)


def test_the_host_can_be_another(setup: Setup) -> None:
    """The one user moves with it, and is taken back for that host only."""
    setup.ok("configure", "kubernetes")
    assert setup.ok("configure", "kubernetes", "--host", OTHER) == ["set the user vsphere in kubectl's configuration"]
    args = users(setup)["vsphere"]["exec"]["args"]
    assert args == ["--protocol", "kubernetes", f"https://{OTHER}"]
    assert setup.ok("unconfigure", "kubernetes", "--host", setup.authority) == ["nothing to do"]
    assert len(setup.ok("unconfigure", "kubernetes", "--host", OTHER)) == 1


@pytest.mark.parametrize("option", ["--token=mine", "--exec-command=/bin/true"])
def test_a_user_of_that_name_who_is_not_ours_stays(setup: Setup, option: str) -> None:
    api = "--exec-api-version=client.authentication.k8s.io/v1beta1"
    options = (option, api) if option.startswith("--exec") else (option,)
    assert setup.desk.run("kubectl", "config", "set-credentials", "vsphere", *options).status == 0
    assert "user vsphere" in setup.refused(2, "configure", "kubernetes")
    before = setup.files()
    assert setup.ok("unconfigure", "kubernetes") == ["nothing to do"]
    assert setup.files() == before


def test_without_a_default_endpoint_the_one_that_is_configured_is_meant(setup: Setup) -> None:
    text = setup.desk.config.read_text()
    setup.desk.config.write_text(text.replace(f'url = "{setup.authority}"\n', ""))
    assert len(setup.ok("configure", "kubernetes", "--dry-run")) == 1
    setup.desk.config.write_text(setup.desk.config.read_text() + f'[endpoint."{OTHER}"]\n')
    assert "--host" in setup.refused(2, "configure", "kubernetes")


def test_a_kubeconfig_that_kubectl_cannot_read_is_an_error(setup: Setup) -> None:
    setup.write(setup.home / ".kube" / "config", "{", 0o600)
    assert "kubectl refused" in setup.refused(9, "configure", "kubernetes")
