"""The system calls that an old kernel does not have, taken from a program on this one."""

from __future__ import annotations

import shutil

from peers import PeerMissingError, strace

SINCE_3_10 = {
    "renameat2": "3.15",
    "sched_setattr": "3.14",
    "getrandom": "3.17",
    "memfd_create": "3.17",
    "seccomp": "3.17",
    "execveat": "3.19",
    "membarrier": "4.3",
    "mlock2": "4.4",
    "copy_file_range": "4.5",
    "preadv2": "4.6",
    "pwritev2": "4.6",
    "pkey_alloc": "4.9",
    "statx": "4.11",
    "rseq": "4.18",
    "io_uring_setup": "5.1",
    "pidfd_send_signal": "5.1",
    "clone3": "5.3",
    "pidfd_open": "5.3",
    "openat2": "5.6",
    "pidfd_getfd": "5.6",
    "faccessat2": "5.8",
    "close_range": "5.9",
    "epoll_pwait2": "5.11",
    "futex_waitv": "5.16",
    "set_mempolicy_home_node": "5.17",
    "cachestat": "6.5",
    "fchmodat2": "6.6",
}
"""Each with the Linux that brought it: what a program may try and must do without on RHEL 7, whose kernel is a 3.10."""


def old_kernel() -> tuple[str, ...]:
    """A command that starts another one on a kernel that calls itself 2.6 and knows none of these calls.

    A call that this machine's strace does not know either is left out.
    """
    setarch = shutil.which("setarch")
    if setarch is None:
        raise PeerMissingError("no `setarch`, which gives the kernel an old name: install util-linux")
    missing = ",".join(f"?{name}" for name in SINCE_3_10)
    inject = ("-e", f"trace={missing}", "-e", f"inject={missing}:error=ENOSYS")
    return (setarch, "--uname-2.6", *strace(), "-f", "-qqq", "-o", "/dev/null", *inject)
