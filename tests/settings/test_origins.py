"""What `explain` says of a value is what a request gets: held together over made-up requests, environments, configurations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from credential_protocol.messages import Request
from vsphere_session.errors import SessionError
from vsphere_session.settings.config_file import Configuration
from vsphere_session.settings.origins import SECRET, Origin, origins
from vsphere_session.settings.request import Settings
from vsphere_session.storage.reading import Reader

HOSTS = (
    "vc.example.com",
    "other.example.com",
    "u1@vc.example.com",
    "u2:secret-1@vc.example.com",
    "http://vc.example.com",
)
USERS = ("u1", "u2", "u3@example.com")
BOOLEANS = ("true", "false", "1", "no")
VARIABLES = {
    **dict.fromkeys(("GOVC_URL", "VSPHERE_SERVER", "VMWARE_HOST", "VMWARE_SERVER"), HOSTS),
    **dict.fromkeys(("GOVC_USERNAME", "VSPHERE_USER", "VMWARE_USER", "VMWARE_USERNAME"), USERS),
    **dict.fromkeys(("GOVC_PASSWORD", "VSPHERE_PASSWORD", "VMWARE_PASSWORD"), ("secret-2", "secret-3")),
    **dict.fromkeys(
        ("GOVC_INSECURE", "VSPHERE_ALLOW_UNVERIFIED_SSL", "VMWARE_VALIDATE_CERTS", "GOVC_PERSIST_SESSION"), BOOLEANS
    ),
    "GOVC_TLS_CA_CERTS": ("/ca-1.pem",),
    "GOVC_CERTIFICATE": ("/cert-1.pem",),
    "VSPHERE_SESSION_TOKEN": ("secret-4",),
    "VSPHERE_VIM_SESSION_PATH": ("/sessions",),
}
OF_REQUESTS = {
    "username": USERS,
    "password": ("secret-5",),
    "api": ("soap", "both"),
    "insecure": BOOLEANS,
    "verify": ("always", "never"),
    "ca_file": ("/ca-2.pem",),
    "thumbprint": ("AB" * 32,),
    "client_id": ("cli-1",),
    "method": ("password", "oidc"),
    "reauth": ("true", "false"),
}
CONFIGURED = {
    "username": USERS,
    "api": ("rest", "both"),
    "insecure": ("true", "false"),
    "verify": ("always", "auto"),
    "thumbprint": ("CD" * 32,),
    "ca_file": ("/ca-3.pem",),
    "idle_limit": ("600",),
    "secret_store": ("file",),
    "client_id": ("cli-2",),
    "method": ("saml", "oidc"),
}


def some(table: dict[str, tuple[str, ...]]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in table.items()})


@given(
    target=st.sampled_from(("", *HOSTS)),
    fields=some(OF_REQUESTS),
    environ=some(VARIABLES),
    general=some(CONFIGURED | {"url": HOSTS[:3]}),
    own=some(CONFIGURED),
)
def test_each_value_is_the_one_that_counts(
    target: str, fields: dict[str, str], environ: dict[str, str], general: dict[str, str], own: dict[str, str]
) -> None:
    config = Configuration("/config.toml", general, {"vc.example.com": own})
    request = Request("get", target, fields)
    try:
        settings = Settings(request, environ, config, Reader())
    except SessionError:
        return
    found = {one.name: one for one in origins(request, settings, environ, config)}
    assert {name: text(found, name) for name in shown(settings)} == shown(settings)
    assert (text(found, "password") == SECRET) == (settings.password() is not None)
    assert "secret-" not in repr(found)
    for one in found.values():
        assert one.source or not one.value
        assert all(other.source for other in one.others)


def text(found: dict[str, Origin], name: str) -> str:
    return found[name].value if name in found else ""


def shown(settings: Settings) -> dict[str, str]:
    """What `Settings` has made of it, as text."""
    values = settings.login.values if settings.login is not None else None
    return {
        "username": settings.account,
        "method": settings.login.name if settings.login is not None else "password",
        "api": settings.api,
        "verify": settings.policy.verify,
        "ca_file": settings.ca_file,
        "insecure": str(settings.insecure).lower(),
        "passthrough": str(settings.passthrough).lower(),
        "reauth": str(settings.reauth).lower(),
        "idle_limit": f"{settings.policy.idle_limit:g}",
        "secret_store": settings.secret_store or "keyring",
        "soap_sessions": settings.directories["soap"],
        "client_id": values.text("client_id") if values is not None else "",
        "certificate": values.text("certificate") if values is not None else "",
    }
