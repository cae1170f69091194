"""Run a simulated vCenter by itself: `python -m simulated_vcenter`.

Prints one line of JSON with `url`, `ca_file` and `thumbprint`, then serves until SIGTERM or SIGINT, or,
if stdin is a pipe, until that closes. `GET /_simulator/sessions` lists the live sessions.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import sys
import threading

from simulated_vcenter.vcenter import DEFAULT_USERS, SimulatedVCenter


def main(arguments: list[str] | None = None) -> int:
    """Serve as the arguments say; returns the exit status."""
    options = _options().parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    vcenter = SimulatedVCenter(
        {options.user: options.password},
        esxi=options.esxi,
        api_session=not options.no_api_session,
        rest_session=not options.no_rest_session,
        quoted_cookie=not options.unquoted_cookie,
        unified=options.unified,
        idle_limit=options.idle_limit,
        age_limit=options.age_limit,
        session_limit=options.session_limit,
        host=options.host,
        port=options.port,
        tls=not options.no_tls,
    )
    with vcenter:
        told = {"url": vcenter.url, "ca_file": vcenter.ca_file, "thumbprint": vcenter.thumbprint}
        print(json.dumps(told), flush=True)
        # Only a pipe means "while my parent lives": a background job has /dev/null, at its end at once.
        if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
            threading.Thread(target=_wait_for_end, args=(over,), daemon=True).start()
        over.wait()
    return 0


def _wait_for_end(over: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    over.set()


def _options() -> argparse.ArgumentParser:
    (user, password), *_ = DEFAULT_USERS.items()
    parser = argparse.ArgumentParser(prog="simulated_vcenter", description="A simulated vCenter.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    add("--user", default=user, help="the one account (default: %(default)s)")
    add("--password", default=password, help="its password (default: %(default)s)")
    add("--esxi", action="store_true", help="be an ESXi host: no REST session service")
    add("--unified", action="store_true", help="be 8.0 U3: one session id for SOAP and REST")
    add("--no-api-session", action="store_true", help="be older than 7.0 U2: no /api/session")
    add("--no-rest-session", action="store_true", help="no /rest/com/vmware/cis/session")
    add("--unquoted-cookie", action="store_true", help="set the cookie without quotes, as vcsim does")
    add("--idle-limit", type=float, default=1800.0, help="seconds (default: %(default)s)")
    add("--age-limit", type=float, default=86400.0, help="seconds (default: %(default)s)")
    add("--session-limit", type=int, help="sessions per user (default: no limit)")
    add("--no-tls", action="store_true", help="speak plain HTTP")
    return parser


if __name__ == "__main__":
    sys.exit(main())
