"""Who starts the tests, and how, does not matter to what they say; nor to the demonstration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile.surroundings import ORDINARY

ROOT = Path(__file__).resolve().parents[2]

LAUNCHER = f"""
import os, signal, sys
{ORDINARY}
for name in sys.argv[1].split():
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in sys.argv[2].split()])
os.umask(int(sys.argv[3], 8))
if sys.argv[4] == "closed":
    os.close(0)
os.execv(sys.executable, [sys.executable, *sys.argv[5:]])
"""
SIGNALS = "SIGINT SIGQUIT SIGPIPE SIGHUP SIGTERM SIGCHLD SIGALRM SIGXFSZ SIGUSR1"
VARIABLES = {
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    "GIT_DIR": "/nonexistent",
    "GOVC_INSECURE": "maybe",
    "GOVC_URL": "https://elsewhere.example.com",
    "GOVMOMI_HOME": "/nonexistent",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "LANG": "de_DE.ISO-8859-1",
    "LC_ALL": "ja_JP.eucJP",
    "NO_PROXY": "",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "0",
    "PYTHONWARNINGS": "error",
    "SSL_CERT_FILE": "/nonexistent",
    "TZ": "Pacific/Chatham",
    "VSPHERE_SERVER": "elsewhere.example.com",
    "VSPHERE_SESSION_CONFIG": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "XDG_STATE_HOME": "/nonexistent",
    "http_proxy": "http://127.0.0.1:9",
    "no_proxy": "",
}
OPENSSL = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1.3\nCiphersuites = TLS_AES_128_CCM_SHA256\n"
"""What neither the simulated servers nor the tests of TLS get on with."""

PART = "audit or conversation or before_the_request or core or mode or tls or platform"
"""Of proxies, signals, core files, files' modes, and TLS and its authorities; a word in a test's or its file's name."""
WHERE = (
    "tests/audit",
    "tests/cli/test_signals.py",
    "tests/hostile/test_kept_to_itself.py",
    "tests/http",
    "tests/vsphere",
)

SETTINGS = {
    "in the background": (SIGNALS, "", "0022", "open", {}, ""),
    "with signals blocked": ("", SIGNALS, "0077", "closed", {}, ""),
    "with another umask, variables and OpenSSL": ("SIGQUIT", "SIGINT", "0777", "open", VARIABLES, OPENSSL),
}


def started(tmp_path: Path, setting: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that was started so."""
    ignored, blocked, umask, stdin, variables, openssl = SETTINGS[setting]
    environment = os.environ | variables | {"PYTHONPATH": str(ROOT / "tests")}
    if openssl:
        (tmp_path / "openssl.cnf").write_text(openssl)
        environment["OPENSSL_CONF"] = str(tmp_path / "openssl.cnf")
    command = [sys.executable, "-c", LAUNCHER, ignored, blocked, umask, stdin, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_tests_pass(tmp_path: Path, setting: str) -> None:
    """A part of them, among which are those that failed."""
    done = started(
        tmp_path,
        setting,
        "-m",
        "pytest",
        "-q",
        f"--basetemp={tmp_path / 'tests'}",
        "-p",
        "no:cacheprovider",
        "-k",
        PART,
        *WHERE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_demonstration_shows_what_it_shows(tmp_path: Path, setting: str) -> None:
    done = started(tmp_path, setting, "-m", "demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "The vCenter has 0 sessions." in done.stdout.splitlines()[-1]


def test_the_program_to_test_is_still_the_one_that_was_named(tmp_path: Path) -> None:
    """Whatever else is cleared, and in what a test starts, too."""
    show = "import os, sys; from support import afresh; afresh.reset_environment(); print(sorted(set(os.environ) - set(sys.argv)))"
    environment = {
        "VSPHERE_SESSION_PROGRAM": "a",
        "VSPHERE_USER": "b",
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT / "tests"),
    }
    shown = subprocess.run(
        [sys.executable, "-c", show, "LC_CTYPE"], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert shown.stdout == b"['PATH', 'PYTHONPATH', 'VSPHERE_SESSION_PROGRAM']\n"
