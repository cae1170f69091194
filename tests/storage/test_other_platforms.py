"""What files, locks and paths are on macOS and on Windows, with those platforms' answers put in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import platformdirs
import platformdirs.macos
import platformdirs.windows
import pytest

from support.windows import WindowsOs, on_windows
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError, StorageError
from vsphere_session.storage import paths

BYTES = b"\n\r\n one\r two \x1a three \x00 four\n"
"""What a text file of Windows would change: line ends, and where it ends."""
LOCAL = r"C:\Users\me\AppData\Local"


@pytest.fixture
def windows() -> WindowsOs:
    return WindowsOs()


@pytest.fixture
def files(windows: WindowsOs) -> ModuleType:
    return on_windows(windows, "vsphere_session.storage.files")[0]


@pytest.fixture
def locks(windows: WindowsOs) -> tuple[ModuleType, ModuleType]:
    """The modules of locks, and of shared ones."""
    names = ("files", "lock", "shared_lock")
    return tuple(on_windows(windows, *(f"vsphere_session.storage.{name}" for name in names))[1:])  # type: ignore[return-value]  # there are two


@pytest.fixture
def windows_paths(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of paths, with the known folders of a user called me."""
    windows = WindowsOs(paths_too=True)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.windows.Windows)
    monkeypatch.setattr(platformdirs.windows, "os", windows)
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", {"CSIDL_LOCAL_APPDATA": LOCAL}.__getitem__)
    monkeypatch.setitem(sys.modules, "pwd", None)
    return on_windows(windows, "vsphere_session.storage.paths")[0]


def test_windows_sudo_says_nothing_of_the_profile(windows: WindowsOs, tmp_path: Path) -> None:
    """Its variable may come along from another system; there is no uid to compare."""
    (module,) = on_windows(windows, "vsphere_session.storage.paths")
    assert module.home({"USERPROFILE": str(tmp_path), "SUDO_UID": "1000"}) == str(tmp_path)


def test_windows_a_file_is_read_as_it_was_written(files: ModuleType, tmp_path: Path) -> None:
    """A sealed session is any bytes, and govmomi's files are the same to the byte everywhere."""
    path = tmp_path / "sessions" / "file"
    files.write_private(str(path), BYTES)
    assert path.read_bytes() == BYTES
    assert files.read_private(str(path)) == BYTES
    assert files.read_named(str(path), 1000, "the file", 1.0) == BYTES
    files.write_private(str(path), b"again\n")
    assert files.read_private(str(path)) == b"again\n"
    assert files.remove_private(str(path))
    assert files.read_private(str(path)) is None


def test_windows_configure_replaces_a_file(windows: WindowsOs, tmp_path: Path) -> None:
    """A caller's own configuration: nobody asks there whom it belongs to."""
    (tmp_path / "config").write_bytes(b"before")
    (plan,) = on_windows(windows, "vsphere_session.configure.plan")
    plan._write(str(tmp_path / "temporary"), str(tmp_path / "config"), BYTES, 0o600)
    assert (tmp_path / "config").read_bytes() == BYTES
    assert os.listdir(tmp_path) == ["config"]


def test_windows_modes_say_nothing_and_are_left_alone(files: ModuleType, windows: WindowsOs, tmp_path: Path) -> None:
    """Every file looks as if all could read it: none is refused for that, and none repaired. The profile protects them."""
    path = tmp_path / "new" / "file"
    files.write_private(str(path), b"one")
    windows.changed.clear()
    assert files.read_private(str(path)) == b"one"
    files.write_private(str(path), b"two")
    files.check_not_shared(str(tmp_path), "a directory")
    assert windows.changed == []


def test_windows_what_is_no_file_is_refused(files: ModuleType, tmp_path: Path) -> None:
    """A directory, or a link, in a session's place."""
    (tmp_path / "directory").mkdir()
    with pytest.raises(StorageError, match="cannot read"):
        files.read_private(str(tmp_path / "directory"))
    (tmp_path / "link").symlink_to("directory")
    with pytest.raises(StorageError, match="is a symbolic link, not a file; remove it"):
        files.write_private(str(tmp_path / "link"), b"x")


def test_windows_one_holds_a_lock_and_the_next_gets_it_afterwards(
    locks: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    """Who waits too long is told so, without a number: the file does not tell the holder's there."""
    path, clock = str(tmp_path / "locks" / "one"), Clock()
    first, second = (locks[0].Lock(path, clock) for _ in range(2))
    assert first.try_acquire()
    assert not second.try_acquire()
    with pytest.raises(BusyError, match="another process has held the lock"):
        second.acquire(Deadline(0.01, clock))
    other = locks[0].Lock(str(tmp_path / "locks" / "other"), clock)
    assert other.try_acquire()
    first.release()
    assert second.try_acquire()
    second.release()
    assert os.path.exists(path)


def test_windows_nobody_shares_a_lock_and_there_are_no_notes(
    locks: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    """Logins of one account go one after the other there, each alone."""
    path, clock = str(tmp_path / "turn"), Clock()
    first, second = (locks[1].SharedLock(path, clock) for _ in range(2))
    assert first.try_share()
    assert not second.try_share()
    first.leave("a note")
    assert second.note() == ""
    first.release()
    assert second.try_share()
    second.release()


@pytest.mark.parametrize(
    ("environ", "home"),
    [
        ({"USERPROFILE": r"C:\Users\me"}, r"C:\Users\me"),
        ({"USERPROFILE": r"C:\Users\me", "HOME": "/home/me"}, r"C:\Users\me"),
        ({"USERPROFILE": r"\\server\home\me"}, r"\\server\home\me"),
    ],
)
def test_windows_the_home_is_the_profile(windows_paths: ModuleType, environ: dict[str, str], home: str) -> None:
    """HOME is a shell's that came along."""
    found = windows_paths.Paths(environ)
    assert found.soap_sessions == rf"{home}\.govmomi\sessions"
    assert found.rest_sessions == rf"{home}\.govmomi\rest_sessions"
    assert found.state == rf"{LOCAL}\vsphere-session"
    assert found.config == rf"{LOCAL}\vsphere-session\config.toml"


@pytest.mark.parametrize("environ", [{}, {"USERPROFILE": ""}, {"USERPROFILE": "me"}, {"HOME": "/home/me"}])
def test_windows_without_a_profile_there_is_no_home(windows_paths: ModuleType, environ: dict[str, str]) -> None:
    with pytest.raises(StorageError, match="there is no home directory"):
        windows_paths.Paths(environ)


def test_windows_variables_name_directories_and_lists_of_files(windows_paths: ModuleType) -> None:
    environ = {
        "USERPROFILE": r"C:\Users\me",
        "GOVMOMI_HOME": r"D:\sessions",
        "VSPHERE_SESSION_CONFIG": r"D:\our config.toml",
    }
    found = windows_paths.Paths(environ)
    assert (found.soap_sessions, found.config) == (r"D:\sessions\sessions", r"D:\our config.toml")
    assert windows_paths.named_paths(r"D:\a.pem;~\b.pem;c.pem", environ, r"E:\config") == (
        r"D:\a.pem;C:\Users\me\b.pem;E:\config\c.pem"
    )


@pytest.mark.parametrize("variables", [{}, {"XDG_STATE_HOME": "/x", "XDG_CONFIG_HOME": "/y"}])
def test_macos_state_and_configuration_are_in_the_library(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """Unless the variables of other systems say otherwise, as platformdirs has it; sessions are where govc has them."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.macos.MacOS)
    environ = {"HOME": "/Users/me", **variables}
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = paths.Paths(environ)
    library = "/Users/me/Library/Application Support"
    assert found.soap_sessions == "/Users/me/.govmomi/sessions"
    assert found.state == f"{variables.get('XDG_STATE_HOME', library)}/vsphere-session"
    assert found.config == f"{variables.get('XDG_CONFIG_HOME', library)}/vsphere-session/config.toml"
