"""The cases that git's own suite asks of every external helper, by their names there, asked of the program directly.

Sixteen for any helper, three for expiry, two for refresh tokens, one for time-outs, eight for authtype. An installed git
older than 2.46 drops what the last fourteen are about before a helper sees it, so git is not between. Hosts that are no
vSphere: the program is an ordinary secret store for them.
"""

from __future__ import annotations

import json
import time

import pytest

from interop.git_helper import GitHelper, home_of, login, url
from support.program import Helper

HOST = url("https://example.com")
AUTHTYPE = "capability[]=authtype"
BEARER = (AUTHTYPE, "authtype=Bearer")
GIT = url("https://git.example.com")
GIT2 = url("https://git2.example.com")


@pytest.fixture
def git(helper: Helper) -> GitHelper:
    """The program as git's helper, with nothing stored."""
    return GitHelper(helper)


# ---- any helper (16)


def test_has_no_existing_data(git: GitHelper) -> None:
    assert git.get(*HOST) == []


def test_stores_password(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))


def test_can_retrieve_password(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))
    assert git.get(*HOST) == login("store-user", "store-pass")


def test_requires_matching_protocol(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))
    assert git.get(*url("http://example.com")) == []


def test_requires_matching_host(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))
    for other in ("https://other.tld", "https://www.example.com", "https://example.com:444", "https://example.co"):
        assert git.get(*url(other)) == []


def test_requires_matching_username(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))
    assert git.get(*HOST, "username=other") == []
    assert git.get(*HOST, "username=") == []


def test_requires_matching_path(git: GitHelper) -> None:
    """A stored path is another place than its host; a request without a path takes any."""
    git.store(*url("http://path.tld/foo.git"), *login("user", "pass"))
    assert git.get(*url("http://path.tld/bar.git")) == []
    assert git.get(*url("http://path.tld/foo.git")) == login("user", "pass")
    assert git.get(*url("http://path.tld")) == login("user", "pass")
    git.store(*HOST, *login("store-user", "store-pass"))
    assert git.get(*url("https://example.com/foo.git")) == []


def test_overwrites_on_store(git: GitHelper) -> None:
    for password in ("pass1", "pass2"):
        git.store(*HOST, *login("user-overwrite", password))
    assert git.get(*HOST) == login("user-overwrite", "pass2")
    git.erase(*HOST, *login("user-overwrite", "pass2"))
    assert git.get(*HOST) == []


def test_can_forget_host(git: GitHelper) -> None:
    git.store(*HOST, *login("store-user", "store-pass"))
    git.erase(*HOST)
    assert git.get(*HOST) == []


def test_can_store_multiple_users(git: GitHelper) -> None:
    for user in ("user1", "user2"):
        git.store(*HOST, *login(user, f"{user}-pass"))
    for user in ("user1", "user2"):
        assert git.get(*HOST, f"username={user}") == login(user, f"{user}-pass")


def test_does_not_erase_a_password_distinct_from_input(git: GitHelper) -> None:
    git.store(*HOST, *login("user", "new"))
    git.erase(*HOST, *login("user", "old"))
    assert git.get(*HOST) == login("user", "new")


def test_can_forget_user(git: GitHelper) -> None:
    git.store(*HOST, *login("user1", "pass1"))
    git.erase(*HOST, "username=user1")
    assert git.get(*HOST, "username=user1") == []


def test_remembers_other_user(git: GitHelper) -> None:
    for user in ("user1", "user2"):
        git.store(*HOST, *login(user, "pass"))
    git.erase(*HOST, "username=user1")
    assert git.get(*HOST, "username=user2") == login("user2", "pass")


def test_can_store_empty_username(git: GitHelper) -> None:
    """And an empty password: single sign-on needs neither."""
    sso = url("https://sso.tld")
    git.store(*sso, *login("", ""))
    assert git.get(*sso) == login("", "")


def test_erases_all_matching_credentials(git: GitHelper) -> None:
    for user in ("user-a", "user-b"):
        git.store(*HOST, *login(user, "pass"))
    git.store(*url("https://example.com/foo.git"), *login("user-c", "pass"))
    git.erase(*HOST)
    assert git.get(*HOST) == []
    assert git.get(*url("https://example.com/foo.git")) == []


def test_not_confused_by_long_header(git: GitHelper) -> None:
    """What follows the first 1,024 bytes of a line is no attribute of its own."""
    git.store(*url("https://victim.example.com"), *login("user", "to-be-stolen"))
    for bait in ("host=victim.example.com", "a" * 20_000 + "host=victim.example.com"):
        header = "wwwauth[]=basic realm=" + " " * (1024 - len("wwwauth[]=basic realm=")) + bait
        assert git.get(*url("https://badguy.example.com"), header) == []
    header = "wwwauth[]=basic realm=" + "a" * 65_536 + "host=victim.example.com"
    reply = git.run("get", stdin=f"protocol=https\nhost=victim.example.com\n{header}\n\n".encode())
    assert (reply.stdout, reply.stderr) == (b"", "")


# ---- password_expiry_utc (3)


def test_stores_password_expiry_utc(git: GitHelper) -> None:
    git.store(*HOST, *login("user-expiry", "pass"), "password_expiry_utc=9999999999")


def test_gets_password_expiry_utc(git: GitHelper) -> None:
    """A password whose time has passed is not handed out."""
    git.store(*HOST, *login("user-expiry", "pass"), "password_expiry_utc=9999999999")
    assert git.get(*HOST) == [*login("user-expiry", "pass"), "password_expiry_utc=9999999999"]
    git.store(*HOST, *login("user-expired", "pass"), "password_expiry_utc=1")
    assert git.get(*HOST, "username=user-expired") == []
    assert git.get(*HOST) == [*login("user-expiry", "pass"), "password_expiry_utc=9999999999"]


def test_overwrites_when_password_expiry_utc_changes(git: GitHelper) -> None:
    git.store(*HOST, *login("user", "pass1"), "password_expiry_utc=9999999998")
    git.store(*HOST, *login("user", "pass2"), "password_expiry_utc=9999999999")
    assert git.get(*HOST) == [*login("user", "pass2"), "password_expiry_utc=9999999999"]
    git.store(*HOST, *login("user", "pass3"))
    assert git.get(*HOST) == login("user", "pass3")
    git.erase(*HOST, *login("user", "pass3"), "password_expiry_utc=1")
    assert git.get(*HOST) == []


# ---- oauth_refresh_token (2)


def test_stores_oauth_refresh_token(git: GitHelper) -> None:
    git.store(*HOST, *login("user4", "pass"), "oauth_refresh_token=xyzzy")


def test_gets_oauth_refresh_token(git: GitHelper) -> None:
    git.store(*HOST, *login("user4", "pass"), "oauth_refresh_token=xyzzy")
    assert git.get(*HOST, "username=user4") == [*login("user4", "pass"), "oauth_refresh_token=xyzzy"]


# ---- time-out (1)


def test_times_out(git: GitHelper) -> None:
    """What is stored with `--keep` is forgotten after that time, and the answer says nothing of it."""
    timeout = url("https://timeout.tld")
    git.keep("3600", *timeout, *login("user", "pass"))
    assert git.get(*timeout) == login("user", "pass")
    _let_an_hour_pass(git, "git:https://timeout.tld", "user")
    assert git.get(*timeout) == []
    git.store(*timeout, *login("user", "pass"))
    assert git.get(*timeout) == login("user", "pass")


def _let_an_hour_pass(git: GitHelper, place: str, user: str) -> None:
    """Move the end of the hour to now, as an hour's sleep would."""
    path = home_of(git) / ".local" / "state" / "vsphere-session" / "secrets.json"
    secrets = json.loads(path.read_text())
    kept = json.loads(secrets[place][user])
    end = int(kept["kept_until"])
    assert time.time() < end <= time.time() + 3600
    secrets[place][user] = json.dumps({**kept, "kept_until": str(end - 3600)})
    path.write_text(json.dumps(secrets))


# ---- authtype (8)


def test_stores_authtype_and_credential(git: GitHelper) -> None:
    git.store(*BEARER, "credential=random-token", *GIT)


def test_gets_authtype_and_credential(git: GitHelper) -> None:
    """The capability stands before what depends on it."""
    git.store(*BEARER, "credential=random-token", *GIT)
    assert git.get(AUTHTYPE, *GIT) == [*BEARER, "credential=random-token"]


def test_gets_authtype_and_credential_only_if_request_has_authtype_capability(git: GitHelper) -> None:
    """Without it, a password that is stored for the same host is the answer."""
    git.store(*GIT, *login("user", "pass"))
    git.store(*BEARER, "credential=random-token", *GIT)
    assert git.get("capability[]=state", *GIT) == login("user", "pass")
    git.erase(*GIT, "username=user")
    assert git.get(*GIT) == []


def test_stores_authtype_and_credential_with_username(git: GitHelper) -> None:
    git.store(*BEARER, "credential=other-token", *GIT, "username=foobar")


def test_gets_authtype_and_credential_with_username(git: GitHelper) -> None:
    git.store(*BEARER, "credential=random-token", *GIT)
    git.store(*BEARER, "credential=other-token", *GIT, "username=foobar")
    answer = [*BEARER, "credential=other-token", "username=foobar"]
    assert git.get(AUTHTYPE, *GIT, "username=foobar") == answer


def test_does_not_get_authtype_and_credential_with_different_username(git: GitHelper) -> None:
    git.store(*BEARER, "credential=random-token", *GIT)
    git.store(*BEARER, "credential=other-token", *GIT, "username=foobar")
    assert git.get(AUTHTYPE, *GIT, "username=barbaz") == []


def test_does_not_store_ephemeral_authtype_and_credential(git: GitHelper) -> None:
    git.store(*BEARER, "credential=git2-token", *GIT2, "ephemeral=1")
    assert git.get(AUTHTYPE, *GIT2) == []


def test_does_not_store_ephemeral_username_and_password(git: GitHelper) -> None:
    git.store(AUTHTYPE, *GIT2, *login("barbaz", "secret"), "ephemeral=1")
    assert git.get(AUTHTYPE, *GIT2) == []
