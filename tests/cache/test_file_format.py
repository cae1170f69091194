"""The bytes of a cache file: those that govc 0.56 writes, whatever the server says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from pyVmomi import vim

from cache.bench import Bench
from peers import Govc, VcSim
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER
from vsphere_session import RestClient, SoapClient

SERVERS: dict[str, dict[str, Any]] = {
    "vcenter": {},
    "unquoted": {"quoted_cookie": False},
    "unified": {"unified": True},
    "esxi": {"esxi": True},
    "http": {"tls": False},
}


def govc(server: SimulatedVCenter | VcSim, home: Path, password: str | None = PASSWORD) -> Govc:
    """A govc with a cache of its own."""
    return Govc(home, server.url, USER, password, ca_file=Path(server.ca_file) if server.url[:5] == "https" else None)


@pytest.fixture(params=[*SERVERS, "vcsim"])
def server(request: pytest.FixtureRequest) -> Iterator[SimulatedVCenter | VcSim]:
    if request.param == "vcsim":
        with VcSim(USER, PASSWORD) as vcsim:
            yield vcsim
        return
    with SimulatedVCenter(**SERVERS[request.param]) as vcenter:
        yield vcenter


def test_what_govc_wrote_is_read_and_written_again_to_the_byte(
    server: SimulatedVCenter | VcSim, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    esxi = "esxi" in request.node.name
    caller = govc(server, tmp_path)
    ids = [caller.ok("session.login", "-l"), *([] if esxi else [caller.ok("session.login", "-r", "-l")])]
    clients: list[tuple[SoapClient | RestClient, list[Path]]] = [(SoapClient(), caller.soap_files())]
    clients += [] if esxi else [(RestClient(), caller.rest_files())]
    for client, (file,) in clients:
        client.unmarshal_json(file.read_bytes())
        assert client.marshal_json() == file.read_bytes()
    assert [client.session_id for client, _ in clients] == [line.split()[-1] for line in ids]


# ---- ServiceContent


def properties(schema: Any) -> list[str]:
    """The names of a type's properties in the API's own order, which pyVmomi knows."""
    return [name for name in map(attrgetter("name"), schema._GetPropertyList()) if not name.startswith("dynamic")]


def service_content(about: dict[str, str], managers: dict[str, str], inner: str) -> bytes:
    """A RetrieveServiceContent's answer; `managers` maps names to the rest of their elements, `inner` comes first."""
    for name in properties(vim.ServiceInstanceContent):
        if name == "about":
            inner += f"<about>{''.join(f'<{key}>{escape(value)}</{key}>' for key, value in about.items())}</about>"
        elif name in managers:
            inner += f"<{name} {managers[name]}</{name}>"
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval>{inner}</returnval>'
        "</RetrieveServiceContentResponse></soapenv:Body></soapenv:Envelope>"
    ).encode()


ABOUT = {name: f"the {name}" for name in properties(vim.AboutInfo)} | {"apiType": "VirtualCenter", "apiVersion": "9.0"}
MANAGERS = {
    name: f'type="{name[0].upper()}{name[1:]}">{name}'
    for name in properties(vim.ServiceInstanceContent)
    if name != "about"
}
MANAGERS |= {"sessionManager": 'type="SessionManager">SessionManager'}
NEEDED = {"rootFolder", "propertyCollector", "sessionManager"}
OPTIONAL = ("patchLevel", "localeVersion", "localeBuild", "instanceUuid", "licenseProductName", "licenseProductVersion")
CONTENTS: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "everything": (ABOUT, MANAGERS, ""),
    "the least": (
        {name: value for name, value in ABOUT.items() if name not in OPTIONAL},
        {name: value for name, value in MANAGERS.items() if name in NEEDED},
        "",
    ),
    "optional but empty": (ABOUT | dict.fromkeys(OPTIONAL, ""), MANAGERS | {"viewManager": 'type="ViewManager">'}, ""),
    "needed but empty": (ABOUT | {"name": "", "osType": ""}, MANAGERS, ""),
    "needed but missing": (
        {name: value for name, value in ABOUT.items() if name not in ("vendor", "build")},
        {name: value for name, value in MANAGERS.items() if name != "rootFolder"},
        "",
    ),
    "with odd characters": (
        ABOUT | {"name": "A<b>&\"'\\/ \u2028\u2029\t\n\x7fü€😀", "fullName": " spaces "},
        MANAGERS | {"setting": f"type={quoteattr('A&<B>ü')}>a &lt;b&gt; &amp;c"},
        "",
    ),
    "with the server's id": (
        ABOUT,
        MANAGERS | {"setting": 'type="OptionManager" serverGuid="1b-2c">VpxSettings', "viewManager": 'type="" serverGuid="">v'},
        "",
    ),
    "with something new": (ABOUT | {"newName": "n"}, MANAGERS, '<newManager type="New"><a><b>n</b></a></newManager>'),
}  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_service_content_is_written_as_govc_writes_it(
    bench: Bench, tmp_path: Path, content: tuple[dict[str, str], dict[str, str], str]
) -> None:
    answer = service_content(*content)
    bench.vcenter.faults.add("RetrieveServiceContent", faults.status(200, answer, {"Content-Type": "text/xml"}))
    client = bench.soap(bench.session())
    caller = govc(bench.vcenter, tmp_path)
    caller.ok("session.login", "-cookie", client.session_id)
    (file,) = caller.soap_files()
    written = bench.file().read_bytes()
    # govc -cookie knows nothing of the quotes that the server's own cookie had
    assert written.replace(b'"Quoted":true', b'"Quoted":false') == file.read_bytes()
    assert written.endswith(b"}\n")


def test_service_content_of_the_file_serves_pyvmomi_and_the_next_check(bench: Bench) -> None:
    first = bench.soap(bench.session())
    again = bench.soap(bench.asking())
    assert again.content == first.content
    assert bench.operations.count("RetrieveServiceContent") == 1, "the cached one will do"
    assert {name for name in again.content if name != "about"} <= set(MANAGERS)
    assert again.api_version == "8.0.2.0"


# ---- the cookie


@pytest.mark.parametrize("quoted", [True, False])
def test_the_cookies_value_is_stored_without_quotes_and_sent_as_the_server_set_it(home: Path, quoted: bool) -> None:
    with SimulatedVCenter(quoted_cookie=quoted) as vcenter:
        bench = Bench(vcenter, home)
        client = bench.soap(bench.session())
        (cookie,) = json.loads(bench.file().read_bytes())["SoapClient"]["cookies"]
        assert cookie == {
            "Name": "vmware_soap_session", "Value": client.session_id, "Quoted": quoted, "Path": "", "Domain": "",
            "Expires": "0001-01-01T00:00:00Z", "RawExpires": "", "MaxAge": 0, "Secure": False, "HttpOnly": False,
            "SameSite": 0, "Partitioned": False, "Raw": "", "Unparsed": None,
        }  # fmt: skip
        assert bench.asking().load(bench.client("soap"))
        sent = f'"{client.session_id}"' if quoted else client.session_id
        assert vcenter.requests[-1].headers["cookie"] == f"vmware_soap_session={sent}"
        bench.close()
