"""What could give a secret away beside the answer: modes for a moment, children, core files, other people's directories."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hostile.inside import Inside
from hostile.surroundings import within
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, Helper, request
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import MAX_BYTES, read_private, write_private
from vsphere_session.storage.paths import Paths

SOMEBODY = 65534
as_root = os.geteuid() == 0
"""Only root can give files away; for anybody else `told_owner` says to this process that it is so."""


def told_owner(patch: pytest.MonkeyPatch, path: Path, owner: int) -> None:
    """Let this process believe that `path` itself, be it a link, belongs to `owner`."""
    given = path.lstat()
    real_stat, real_lstat = os.stat, os.lstat

    def changed(found: os.stat_result) -> os.stat_result:
        same = (found.st_dev, found.st_ino) == (given.st_dev, given.st_ino)
        return os.stat_result((*found[:4], owner, *found[5:10])) if same else found

    patch.setattr(os, "lstat", lambda *a, **k: changed(real_lstat(*a, **k)))
    patch.setattr(os, "stat", lambda *a, **k: changed(real_stat(*a, **k)))


# ---- directories


def test_directories_are_private_from_the_first_moment(
    vcenter: SimulatedVCenter, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not made with the umask's mode and repaired: somebody could put something into them in between."""
    made: list[tuple[str, int]] = []
    real = os.mkdir

    def noted(path: str, mode: int = 0o777, **named: int) -> None:
        made.append((path, mode))
        real(path, mode, **named)

    monkeypatch.setattr(os, "mkdir", noted)
    inside = Inside(home, vcenter)
    inside.secret_store = "file"
    inside.get()
    inside.ask("store", password=PASSWORD)
    assert len(made) >= 8
    assert {mode for _, mode in made} == {0o700}, made


@pytest.mark.parametrize("name", ["sessions", "rest_sessions"])
def test_a_link_that_somebody_else_put_into_a_shared_directory_is_not_followed(
    vcenter: SimulatedVCenter, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It could lead to any directory of ours, whose mode would be changed and which would get our sessions."""
    shared, ours = tmp_path / "shared", home / "public"
    shared.mkdir()
    shared.chmod(0o1777)
    ours.mkdir()
    ours.chmod(0o755)
    (shared / name).symlink_to(ours)
    if as_root:
        os.lchown(shared / name, SOMEBODY, -1)
    else:
        told_owner(monkeypatch, shared / name, SOMEBODY)
    inside = Inside(home, vcenter, GOVMOMI_HOME=str(shared))
    failure = inside.failure("get", api="soap" if name == "sessions" else "rest")
    assert failure.kind == "storage"
    assert str(shared / name) in failure.message
    assert (list(ours.iterdir()), ours.stat().st_mode & 0o777) == ([], 0o755)
    assert vcenter.login_attempts == 0


def test_a_link_of_ones_own_to_another_disk_is_followed(vcenter: SimulatedVCenter, home: Path, tmp_path: Path) -> None:
    """As people do whose home directory is small."""
    (tmp_path / "disk").mkdir()
    (home / ".govmomi").mkdir()
    (home / ".govmomi" / "sessions").symlink_to(tmp_path / "disk")
    inside = Inside(home, vcenter)
    inside.get(api="soap")
    assert len(list((tmp_path / "disk").iterdir())) == 1
    assert inside.ask("get", api="soap")["source"] == "cache"


def test_sudo_with_the_callers_home_is_refused_and_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root would make directories there into which their owner could not get any more."""
    owner = home.stat().st_uid
    environ = {"HOME": str(home), "SUDO_UID": str(owner)}
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)  # whoever sudo has made of the caller
    with pytest.raises(StorageError, match="sudo -H"):
        Paths(environ)
    elsewhere = {name: str(home / "x") for name in ("GOVMOMI_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    assert Paths(environ | elsewhere).soap_sessions == str(home / "x" / "sessions")
    assert Paths(environ | {"SUDO_UID": str(owner + 1)}).soap_sessions == str(home / ".govmomi" / "sessions")
    monkeypatch.setattr(os, "geteuid", lambda: owner)  # a call of sudo to oneself
    assert Paths(environ).soap_sessions == str(home / ".govmomi" / "sessions")


# ---- what would not be read again


def test_nothing_is_written_that_is_too_long_to_be_read_again(tmp_path: Path) -> None:
    """The file that was there stays as it was."""
    path = str(tmp_path / "private" / "file")
    write_private(path, b"x" * MAX_BYTES)
    with pytest.raises(StorageError, match="longer than"):
        write_private(path, b"y" * (MAX_BYTES + 1))
    assert read_private(path) == b"x" * MAX_BYTES


def test_a_login_that_fits_no_more_into_the_file_store_leaves_the_others_as_they_were(helper: Helper) -> None:
    """An error for the one that is too much, not a file that is damaged for all."""
    stored = {"url": "vc.example.com", "username": "me", "password": "x" * 600_000}
    assert helper.ok("store", stored, "--secret-store", "file") == {"stored": "password"}
    reply = helper.call("store", stored | {"username": "you"}, "--secret-store", "file")
    assert reply.kind == "storage", reply
    assert helper.ok("erase", stored | {"password": None, "scope": "password"}) == {"erased": "password"}


# ---- children


def test_the_callers_own_tool_does_not_get_the_password(helper: Helper, tmp_path: Path) -> None:
    """`configure` runs git, which needs none of the three passwords, nor one in a URL, be it one that cannot be read."""
    git, log = tmp_path / "bin" / "git", tmp_path / "environ"
    git.parent.mkdir()
    real = shutil.which("git")
    git.write_text(
        f'#!/bin/sh\ncat /proc/$$/environ /proc/$$/cmdline >> "{log}"\nexec "{real}" "$@"\n', encoding="utf-8"
    )
    git.chmod(0o755)
    secrets = {
        "GOVC_PASSWORD": PASSWORD,
        "VSPHERE_PASSWORD": PASSWORD,
        "VMWARE_PASSWORD": PASSWORD,
        "GOVC_URL": f"u:{PASSWORD}@vc.example.com",
        "VSPHERE_SERVER": f"https://u:{PASSWORD}@no host at all",
        "VMWARE_HOST": f"u:{PASSWORD}@vc.example.com:port",
    }
    helper.environment |= secrets
    reply = helper.run("configure", "git", "--host", "vc.example.com", PATH=f"{git.parent}:{os.environ['PATH']}")
    assert b"HOME=" in log.read_bytes(), reply
    assert PASSWORD.encode() not in log.read_bytes()


# ---- core files


CORES_IN = "os.chdir({!r}); resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))"


def hanging(helper: Helper, vcenter: SimulatedVCenter, directory: Path) -> subprocess.Popen[bytes]:
    """A `get` that has sent the password and waits, with core files allowed, in a directory for them."""
    process = within(helper, CORES_IN.format(str(directory))).start("get")
    assert process.stdin is not None
    vcenter.faults.add("=Login", faults.stall(), times=1)
    process.stdin.write(json.dumps(request(vcenter, password=PASSWORD)).encode())
    process.stdin.close()
    while not vcenter.login_attempts:
        assert process.poll() is None
    return process


def test_no_memory_gets_into_a_core_file(vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path) -> None:
    """SIGQUIT while the login hangs: whatever the system writes, and wherever, holds nothing of our memory."""
    with hanging(helper, vcenter, tmp_path) as process:
        assert int(Path(f"/proc/{process.pid}/coredump_filter").read_text(encoding="ascii"), 16) == 0
        process.send_signal(signal.SIGQUIT)
        assert process.wait() == -signal.SIGQUIT
    assert list(tmp_path.glob("core*")) == []


def test_a_core_file_before_anything_is_sent_holds_no_memory(helper: Helper, tmp_path: Path) -> None:
    """While the rest of the request has not come yet, from whose beginning the password is known."""
    with within(helper, CORES_IN.format(str(tmp_path))).start("get") as process:
        assert process.stdin is not None
        process.stdin.write(b'{"password": "' + PASSWORD.encode() * 100)
        process.stdin.flush()
        while int(Path(f"/proc/{process.pid}/coredump_filter").read_text(encoding="ascii"), 16):
            assert process.poll() is None
        process.send_signal(signal.SIGQUIT)
        assert process.wait() == -signal.SIGQUIT
    for core in tmp_path.glob("core*"):  # none, where the system writes them elsewhere
        assert PASSWORD.encode() not in core.read_bytes()


def test_such_a_core_file_would_be_found(tmp_path: Path) -> None:
    """So that the two above mean something: of a process that does nothing about it, where this system writes any."""
    script = f"import os, resource; {CORES_IN.format(str(tmp_path))}; secret = os.urandom(8).hex(); print(secret); os.abort()"
    widely = "open('/proc/self/coredump_filter', 'w').write('0x33')"  # whatever this process has inherited
    done = subprocess.run(
        [sys.executable, "-c", f"{widely}; {script}".replace("print(secret)", "print(secret, flush=True)")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGABRT
    for core in tmp_path.glob("core*"):
        assert done.stdout.strip() in core.read_bytes()


def test_exec_gives_the_command_the_core_files_that_it_would_have_had(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """The user's own program is the user's own business."""
    fields = request(vcenter)
    environment = {"GOVC_URL": str(fields["url"]), "GOVC_USERNAME": str(fields["username"]),
                   "GOVC_TLS_CA_CERTS": str(fields["ca_file"]), "GOVC_PASSWORD": PASSWORD}  # fmt: skip
    reply = helper.run("exec", "--", "cat", "/proc/self/coredump_filter", stdin=b"", timeout=60.0, **environment)
    mine = Path("/proc/self/coredump_filter").read_bytes()
    assert (reply.status, reply.stdout) == (0, mine)
