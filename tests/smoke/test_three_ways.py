"""Every way to ask for a cached session gives, to the byte, what is worked out: from memory, by Python, and without memory.

`support/three_ways.py` does the same with the calls of all other tests that may be given again.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from smoke.test_remembered_answers import answers
from support.program import PASSWORD, USER, Helper, request, settle
from support.three_ways import asked

NATIVE = {"api": ("both", "soap", "rest"), "output": ("tokens", "files")}
OPTIONS = {
    "none": (),
    "--timeout": ("--timeout", "20"),
    "--timeout=": ("--timeout=1m",),
    "--secret-store": ("--secret-store", "file"),
    "--keep": ("--keep", "9"),
    "--field": ("--field", "username"),
    "--protocol native": ("--protocol", "native"),
}
ENVIRONMENTS = {
    "none": {},
    "govc": {"GOVC_URL": "https://{authority}/sdk", "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": "{ca_file}"},
    "terraform": {"VSPHERE_SERVER": "{authority}", "VSPHERE_USER": USER},
    "ansible": {"VMWARE_HOST": "{authority}", "VMWARE_USER": USER, "VMWARE_VALIDATE_CERTS": "true"},
    "govc with a file": {"GOVC_URL": "{authority}", "GOVC_USERNAME": "{user_file}"},
    "a password that is not used": {"GOVC_PASSWORD": "another"},
}
CONFIGURATIONS = {
    "none": "",
    "general": 'verify = "auto"\nidle_limit = "20m"\n',
    "of the endpoint": '[endpoint."{authority}"]\nusername = "{user}"\noutput = "tokens"\n',
    "as people write it": "# ours\n\n  trust_window = 55 # seconds\n",
}


@pytest.fixture
def cached(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """Both sessions are in the cache."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    return helper


def check(helper: Helper, arguments: tuple[str, ...], stdin: bytes) -> None:
    """The same three times, of which the first is remembered."""
    before = set(answers(helper))
    first, second, third = (asked(helper, arguments, {"stdin": stdin}, way) for way in ("", "", "0"))
    assert first[0] == 0, first
    assert set(answers(helper)) - before
    assert first == second == third
    assert first[3] in (0, len(stdin))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_native_get_is_the_same_in_three_ways(
    vcenter: SimulatedVCenter, cached: Helper, tmp_path: Path, options: str, environment: str, configuration: str
) -> None:
    user_file = tmp_path / "user"
    user_file.write_text(f"{USER}\n")
    values = {"authority": vcenter.authority, "ca_file": vcenter.ca_file, "user_file": user_file, "user": USER}
    for name, text in ENVIRONMENTS[environment].items():
        cached.environment[name] = text.format(**values)
    if configuration != "none":
        config = cached.home / ".config" / "vsphere-session" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(CONFIGURATIONS[configuration].format(**values))
    settle(cached)
    for choice in itertools.product(*NATIVE.values()):
        fields = dict(zip(NATIVE, choice, strict=True))
        check(cached, (*OPTIONS[options], "get"), json.dumps(request(vcenter, **fields)).encode())


@pytest.mark.parametrize("dialect", ["git", "docker", "terraform-cli"])
def test_a_dialects_get_is_the_same_in_three_ways(vcenter: SimulatedVCenter, cached: Helper, dialect: str) -> None:
    """By its option, and by the name of the program."""
    cached.environment |= {"GOVC_URL": f"https://{vcenter.authority}/sdk", "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    cached.environment["GOVC_USERNAME"] = USER
    host = f"protocol=https\nhost={vcenter.authority}\n\n".encode()
    words, stdin = {
        "git": (("get",), host),
        "docker": (("get",), f"https://{vcenter.authority}".encode()),
        "terraform-cli": (("get", vcenter.authority), b"of somebody else"),
    }[dialect]
    settle(cached)
    check(cached, ("--protocol", dialect, *words), stdin)
    name = {"terraform-cli": "terraform-credentials-vsphere"}.get(dialect, f"{dialect}-credential-vsphere")
    link = cached.home.parent / name
    link.symlink_to(cached.program[0])
    cached.program = [str(link)]
    check(cached, words, stdin)


def test_a_get_by_options_is_the_same_in_three_ways(vcenter: SimulatedVCenter, cached: Helper) -> None:
    cached.environment["GOVC_TLS_CA_CERTS"] = str(vcenter.ca_file)
    settle(cached)
    check(cached, ("get", "--url", vcenter.authority, "--username", USER), b"of somebody else")
