"""`vsphere-session login` with a real browser, at a vCenter whose broker verifies all it is shown; and `get` afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from login.broker.site import ALICE, BOB, Opened, Site, log_in, login, sign_in
from peers.browser import Browser

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run downloads the browser


def test_one_login_and_other_processes_have_the_session(site: Site, browser: Browser) -> None:
    """The command says whom it has logged in and until when; that is no longer than the token is good."""
    with login(site) as under_way:
        tab = browser.open(under_way.url(), any_certificate=True)
        sign_in(tab)
        done = under_way.end()
        tab.wait_for_text("Logged in")
        tab.close()
    assert done.status == 0, done
    said = done.stdout.decode()
    assert said.startswith(
        f"logged in: https://alice%40example.com@{site.vcenter.authority}/sdk as EXAMPLE.COM\\alice; "
    ), done
    assert site.vcenter.session_count == 2
    first, second = site.ok(), site.ok()
    assert (first["source"], second["source"]) == ("cache", "cache")
    assert first["soap_session_id"] == second["soap_session_id"]
    assert site.vcenter.session_count == 2
    ends = datetime.fromisoformat(first["expires_at"]).timestamp()
    assert ends <= site.vcenter.clock.now() + 300
    assert first["expires_at"] == second["expires_at"]


def test_a_second_login_stays_with_the_session_that_is_good(site: Site, browser: Browser) -> None:
    log_in(site, browser)
    with login(site) as again:
        done = again.end()
    assert done.status == 0, done
    assert done.stdout.startswith(b"there is a good session already: "), done
    assert (site.vcenter.session_count, site.asked("authorization_code")) == (2, 1)


def test_denied(site: Site, browser: Browser) -> None:
    with login(site) as under_way:
        tab = browser.open(under_way.url(), any_certificate=True)
        sign_in(tab, decision="deny")
        done = under_way.end()
        tab.wait_for_text("Not logged in")
        tab.close()
    assert done.status == 4, done
    assert "vsphere-session: the login was denied in the browser (access_denied: The user said no.)" in done.stderr
    assert (done.stdout, site.vcenter.session_count, site.kept) == (b"", 0, [])


def test_somebody_else_logs_in_than_was_named(site: Site, browser: Browser) -> None:
    """Nothing is kept of the session; the one who is named has none."""
    done = log_in(site, browser, BOB)
    assert done.status == 4, done
    assert f"logs in EXAMPLE.COM\\bob, not {ALICE}; name the user whose it is" in done.stderr, done
    assert site.vcenter.session_count == 0
    assert site.kept == []
    assert site.get().status == 11


def test_who_is_not_named_is_kept_apart(site: Site, browser: Browser) -> None:
    """From who is named, and from govmomi's own files."""
    site.configure('client_id = "cli"', f'redirect_uri = "{site.redirect_uri}"')
    done = log_in(site, browser, BOB)
    assert b"bob" in done.stdout.lower(), done
    assert "bob" in site.ok()["username"].lower()
    assert site.helper.sessions_in_files == set()
    named = site.get(username=ALICE)
    assert (named.status, named.kind) == (11, "interaction-required")
    assert named.fields["message"].endswith(f"vsphere-session login {site.vcenter.authority} --username {ALICE}")
    assert site.vcenter.session_count == 2


def test_a_tab_that_is_closed_ends_with_the_time_that_was_given(site: Site, browser: Browser) -> None:
    """Its port is free again, and nothing is left."""
    with login(site, "--timeout", "3") as under_way:
        tab = browser.open(under_way.url(), any_certificate=True)
        tab.wait_for("document.querySelector('#user')")
        tab.close()
        done = under_way.end()
    assert done.status == 8, done
    assert "nobody logged in within 3 s in the browser; start again, or allow more with --timeout" in done.stderr
    socket.create_server(("127.0.0.1", site.port)).close()
    assert site.vcenter.session_count == 0


def test_a_second_tab_is_as_good_and_the_first_one_is_too_late(site: Site, browser: Browser) -> None:
    with login(site) as under_way:
        url = under_way.url()
        first, second = (browser.open(url, any_certificate=True) for _ in range(2))
        sign_in(second)
        done = under_way.end()
        sign_in(first)
        first.wait_for("location.protocol === 'chrome-error:'")
        first.close()
        second.close()
    assert done.status == 0, done
    assert site.vcenter.session_count == 2


def test_a_wrong_state_first_and_then_the_right_one(site: Site, browser: Browser) -> None:
    with login(site) as under_way:
        url = under_way.url()
        stranger = browser.open(f"{site.redirect_uri}?code=evil&state=guess")
        stranger.wait_for_text("Not an answer to this login")
        tab = browser.open(url, any_certificate=True)
        sign_in(tab)
        done = under_way.end()
        tab.close()
        stranger.close()
    assert done.status == 0, done
    assert site.asked("authorization_code") == 1


def test_a_busy_port(site: Site, opened: Opened) -> None:
    """No browser is opened, and the error says what to do."""
    with (
        socket.create_server(("127.0.0.1", site.port)),
        login(site, BROWSER=opened.program) as under_way,
    ):
        done = under_way.end()
    assert done.status == 8, done
    assert f"port {site.port} of the redirect_uri is taken" in done.stderr
    assert "log in with --no-browser" in done.stderr
    assert opened.nothing


def test_a_slow_person(site: Site, browser: Browser) -> None:
    """A wrong password first; a connection that says nothing is in nobody's way."""
    with login(site) as under_way:
        url = under_way.url()
        with socket.create_connection(("127.0.0.1", site.port)) as slow:
            slow.sendall(b"GET /auth?code=")
            tab = browser.open(url, any_certificate=True)
            sign_in(tab, password="wrong")
            tab.wait_for_text("Wrong user or password.")
            sign_in(tab)
            done = under_way.end()
            tab.close()
    assert done.status == 0, done


def test_the_browser_gets_no_secret_of_ours_and_neither_our_streams_nor_our_terminal(
    site: Site, browser: Browser, opened: Opened, tmp_path: Path
) -> None:
    """Beside the URL it is shown on stderr, too. What is on stdin is for whoever reads it next."""
    secrets = {
        "GOVC_PASSWORD": "canary-1", "VSPHERE_PASSWORD": "canary-2", "VMWARE_PASSWORD": "canary-3",
        "GOVC_URL": "https://somebody:canary-4@vc.invalid/sdk",
    }  # fmt: skip
    (tmp_path / "stdin").write_bytes(b"for somebody else\n")
    with (tmp_path / "stdin").open("rb") as stdin:
        site.helper.environment |= {"BROWSER": opened.program, "MINE": "kept", **secrets}
        process = _started(site, stdin.fileno())
        url, *environment = opened.told()
        assert "MINE=kept" in environment
        assert environment[-3:] == ["/dev/null"] * 3
        assert "canary" not in "\n".join([url, *environment])
        tab = browser.open(url, any_certificate=True)
        sign_in(tab)
        stdout, stderr = process.communicate(timeout=60)
        tab.close()
        assert process.returncode == 0, (stdout, stderr)
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == 0
    assert f"\n  {url}\n" in stderr.decode()


def test_without_a_display_the_address_is_shown_and_nothing_is_started(site: Site, browser: Browser) -> None:
    """No browser of the terminal, which would read what is typed."""
    assert not {"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"} & site.helper.environment.keys()
    done = log_in(site, browser)
    assert done.status == 0, done
    assert "If none has opened, open this address on this machine" in done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_while_it_waits(site: Site, number: signal.Signals, status: int) -> None:
    """No listener, no session, nothing kept."""
    with login(site) as under_way:
        under_way.url()
        under_way.process.send_signal(number)
        done = under_way.end()
    assert done.status == status, done
    socket.create_server(("127.0.0.1", site.port)).close()
    assert (site.vcenter.session_count, site.kept) == (0, [])


def test_get_needs_a_person_and_starts_nothing(site: Site, opened: Opened) -> None:
    """It names the command to run once, in words that a shell takes."""
    site.helper.environment |= {"BROWSER": opened.program, "DISPLAY": ":0"}
    reply = site.get()
    assert (reply.status, reply.kind) == (11, "interaction-required")
    assert reply.fields["message"] == (
        f"{site.vcenter.authority} wants its users to log in with a browser; run once: "
        f"vsphere-session login {site.vcenter.authority} --username {ALICE}"
    )
    assert opened.nothing
    assert site.vcenter.login_attempts == 0


def _started(site: Site, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*site.helper.program, "login", site.vcenter.authority],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=site.helper.environment,
    )
