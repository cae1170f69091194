"""Nothing of who started a process counts any more, for itself and for what it starts.

A shell's background ignores SIGINT and SIGQUIT, nohup and some runners leave others ignored or blocked, a umask hides files
from their owner, and a variable meant for govc is one for the helper, too. All of that is inherited.
"""

from __future__ import annotations

import os
import signal
import sys
import time

# What SIGHUP does stays the caller's choice: that is what nohup is for. The others are ignored by Python itself, which
# undoes it in what it starts.
LEFT_ALONE = ("SIGHUP", "SIGPIPE", "SIGXFSZ", "SIGXFZ")

# Variables, by how they begin, of the helper, its libraries and the programs that it works with. Not those of proxies:
# what a test may have to download, such as Packer's modules, comes through them.
READ = (
    "CURL_CA_BUNDLE", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_", "GIT_", "GOVC_", "GOVMOMI_", "KEYRING_", "KUBECONFIG",
    "LANG", "LC_", "PACKER_", "PKR_", "PYTHON_KEYRING_", "REGISTRY_AUTH_FILE", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE",
    "SSL_CERT_", "SUDO_", "TF_", "TZ", "VMWARE_", "VSPHERE_", "XDG_",
)  # fmt: skip
READ_AT_START = ("OPENSSL_", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "PYTHONUTF8", "PYTHONWARNINGS")
KEPT = {"VSPHERE_SESSION_PROGRAM", "VSPHERE_SESSION_PROGRAM_AARCH64"}  # say which programs to test


def reset_process() -> None:
    """Streams, umask and signals are as a shell has them for a command in its foreground."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    os.umask(0o022)
    left_alone = {getattr(signal, name, None) for name in LEFT_ALONE}
    for number in signal.valid_signals() - left_alone:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


def reset_environment() -> None:
    """Variables that would change what a test sees are gone, and servers on this machine have no proxy.

    Of those that only count at the start see `must_restart`.
    """
    _forget(READ + READ_AT_START)
    if any(name.lower() in {"http_proxy", "https_proxy", "all_proxy"} for name in os.environ):
        # lower case comes first for some, and alone for others
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1," + (
            os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
        )
    if sys.platform != "win32":
        time.tzset()


def must_restart() -> bool:
    """Whether this very process has come to be what it is by such variables."""
    return sys.getfilesystemencoding() != "utf-8" or any(name.startswith(READ_AT_START) for name in os.environ)


def restart() -> None:
    """Become the same program with the same arguments, without them; the caller notices nothing. Does not return."""
    _forget(READ + READ_AT_START)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _forget(names: tuple[str, ...]) -> None:
    for name in [name for name in os.environ if name.startswith(names) and name not in KEPT]:
        del os.environ[name]
