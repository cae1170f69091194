"""The single file does its main job with nothing of a host but the kernel, and on hosts of many kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from everywhere.front import Front
from everywhere.main_job import do_main_job
from everywhere.old_kernel import old_kernel
from everywhere.place import Place, add, bare_root
from support.program import PASSWORD, USER
from support.roots import debian_root

CA = "/ca.pem"


def test_in_an_empty_root(place: Place, server: Front) -> None:
    """Without /proc, /dev, /tmp, /etc: a container made from scratch."""
    do_main_job(place, server, ca_file=add(place.root, CA, server.ca))


def test_in_an_empty_root_by_a_name_of_etc_hosts_and_with_the_authority_from_a_variable(
    place: Place, server: Front
) -> None:
    add(place.root, "/etc/hosts", b"192.0.2.1 another.test\n127.0.0.1 vcenter vcsim.test\n")
    do_main_job(place, server, host="vcsim.test", GOVC_TLS_CA_CERTS=add(place.root, CA, server.ca))


def test_in_a_root_whose_only_library_is_musl(tmp_path: Path, file: Path, server: Front) -> None:
    """As on Alpine."""
    root = bare_root(tmp_path / "root", file, debian_root("trixie", ["musl"], only=("usr/lib/",)))
    do_main_job(Place(root), server, ca_file=add(root, CA, server.ca))


@pytest.mark.parametrize("suite", ["bullseye", "trixie"])
def test_on_debian_11_and_13(suite: str, tmp_path: Path, file: Path, server: Front) -> None:
    """Hosts with an old C library and with a new one, with /proc and /dev."""
    root = bare_root(tmp_path / "root", file, debian_root(suite, ["libc6", "dash"]))
    do_main_job(Place(root, mounts=("/proc", "/dev")), server, ca_file=add(root, CA, server.ca))


def test_a_program_of_debian_11_is_the_child_of_exec_and_has_the_session(
    tmp_path: Path, file: Path, server: Front
) -> None:
    """It takes its libraries from there: nothing of the file's own start is left in its environment."""
    root = bare_root(tmp_path / "root", file, debian_root("bullseye", ["libc6", "dash"]))
    helper = Place(root, mounts=("/proc", "/dev")).helper()
    helper.environment |= {
        "GOVC_URL": server.authority,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": add(root, CA, server.ca),
    }
    reply = helper.run("exec", "--", "/bin/sh", "-c", "echo $VSPHERE_SOAP_SESSION_ID; export -p")
    session, *variables = reply.stdout.decode().splitlines()
    assert {session} == server.soap_sessions
    assert not [line for line in variables if PASSWORD in line or line.startswith(("export LD_", "export _MEI"))]
    assert helper.ok("erase", {}) == {"erased": "soap,rest"}
    assert server.soap_sessions == set()


def test_on_an_old_kernel(root: Path, server: Front) -> None:
    """None of the system calls that Linux 3.10 does not have is needed; its /dev has random numbers."""
    do_main_job(Place(root, mounts=("/dev",), outside=old_kernel()), server, ca_file=add(root, CA, server.ca))


def test_without_random_numbers_that_is_told(root: Path) -> None:
    """A kernel without the call and a root without /dev/urandom: a container from scratch on RHEL 7."""
    helper = Place(root, outside=old_kernel()).helper()
    reply = helper.call("get", {"url": "vcenter.test", "username": USER, "password": PASSWORD})
    assert (reply.kind, reply.status) == ("internal", 70)
    assert "random numbers" in reply.stderr


def test_on_aarch64(tmp_path: Path, file_for_aarch64: Path, server: Front) -> None:
    """By an emulator, which is in the empty root, too."""
    root = bare_root(tmp_path / "root", file_for_aarch64)
    emulator = debian_root("trixie", ["qemu-user"], only=("usr/bin/qemu-aarch64",)) / "usr/bin/qemu-aarch64"
    place = Place(root, inside=(add(root, "/qemu", emulator.read_bytes(), mode=0o755),))
    do_main_job(place, server, ca_file=add(root, CA, server.ca))
