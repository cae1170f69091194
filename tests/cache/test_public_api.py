"""The package as others import it: its names, their types, and how little an import costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from importlib.resources import files
from typing import Protocol, get_type_hints

import pytest

import credential_protocol
import vsphere_session
from credential_protocol import KINDS
from vsphere_session import (
    Client,
    Endpoint,
    Policy,
    RestClient,
    Session,
    SessionError,
    SoapClient,
    VsphereAuth,
    parse_endpoint,
)

ERRORS = [
    "BusyError", "InteractionRequiredError", "InvalidRequestError", "LoginRefusedError", "NotFoundError", "SessionError",
    "SessionLimitError", "StorageError", "UnreachableError", "UnsupportedError", "UntrustedError",
]  # fmt: skip
NAMES = sorted([
    "Client", "Endpoint", "Fleet", "Policy", "RestClient", "Session", "SoapClient", "VsphereAuth", "__version__", "parse_endpoint", *ERRORS,
])  # fmt: skip


def test_the_exported_names_are_these() -> None:
    assert sorted(vsphere_session.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_exported_name_can_be_imported(name: str) -> None:
    scope: dict[str, object] = {}
    exec(f"from vsphere_session import {name}", scope)
    assert scope[name] is getattr(vsphere_session, name)


def test_importing_all_gives_what_is_exported() -> None:
    scope: dict[str, object] = {}
    exec("from vsphere_session import *", scope)
    assert {name for name in scope if name != "__builtins__"} == set(NAMES)


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    """The imports under TYPE_CHECKING and the table of lazy ones name the same."""
    tree = ast.parse(inspect.getsource(vsphere_session))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: node.module for node in imports for alias in node.names}
    assert seen.keys() == set(NAMES) - {"__version__"}
    for name, module in seen.items():
        assert name is not None
        assert getattr(importlib.import_module(str(module)), name) is getattr(vsphere_session, name)


def test_an_unknown_name_is_an_attribute_error_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Sesion'"):
        _ = vsphere_session.Sesion


@pytest.mark.parametrize("package", [vsphere_session, credential_protocol], ids=lambda package: str(package.__name__))
def test_both_packages_are_typed(package: object) -> None:
    assert files(str(getattr(package, "__name__", ""))).joinpath("py.typed").is_file()


def test_importing_the_package_imports_none_of_its_modules_but_the_version() -> None:
    code = "import sys; before = set(sys.modules); import vsphere_session; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"__future__", "vsphere_session", "vsphere_session.version"}


def test_the_cache_can_be_imported_without_network_keyring_pyvmomi_and_requests() -> None:
    """The ways to log in, too."""
    code = (
        "import sys; from vsphere_session import Session, SoapClient, RestClient; from vsphere_session.login import Oidc; "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"ssl", "socket", "keyring", "pyVmomi", "requests", "click", "rich"} & set(done.stdout.split())


def test_every_kind_of_error_that_the_contract_has_is_an_exception_that_can_be_imported() -> None:
    """But for a bug, which is nobody's to catch."""
    kinds = {getattr(vsphere_session, name).kind for name in ERRORS if name != "SessionError"}
    assert kinds == KINDS.keys() - {"internal"}
    assert all(issubclass(getattr(vsphere_session, name), SessionError) for name in ERRORS)


def test_client_is_a_protocol_with_govmomis_four() -> None:
    assert issubclass(Client, Protocol)
    own = {name for name in vars(Client) if not name.startswith("_")}
    assert own == {"marshal_json", "path", "unmarshal_json", "valid"}
    assert get_type_hints(Client.marshal_json)["return"] is bytes


@pytest.mark.parametrize(
    "public", [Client, Endpoint, Policy, RestClient, Session, SoapClient, SessionError, VsphereAuth]
)
def test_every_public_method_says_what_a_caller_may_rely_on(public: type) -> None:
    members = {name: getattr(public, name) for name in dir(public) if not name.startswith("_")}
    silent = [
        name
        for name, member in members.items()
        if (callable(member) or isinstance(member, property)) and not inspect.getdoc(member)
    ]
    assert inspect.getdoc(public)
    assert silent == []


@pytest.mark.parametrize("public", [Endpoint, Policy, RestClient, Session, SoapClient, VsphereAuth, parse_endpoint])
def test_every_public_signature_is_annotated(public: object) -> None:
    functions = [public] if inspect.isfunction(public) else inspect.getmembers(public, inspect.isfunction)
    for function in functions:
        _, member = function if isinstance(function, tuple) else ("", function)
        signature = inspect.signature(member)
        assert signature.return_annotation is not inspect.Signature.empty, member
        for parameter in list(signature.parameters.values())[0 if member is parse_endpoint else 1 :]:
            assert parameter.annotation is not inspect.Parameter.empty, (member, parameter)


def test_errors_have_a_kind_and_one_line() -> None:
    with pytest.raises(SessionError) as refused:
        parse_endpoint("https://")
    assert refused.value.kind == "invalid-request"
    assert "\n" not in refused.value.message
    assert str(refused.value) == refused.value.message
    assert refused.value.status == 2


def test_endpoints_are_values() -> None:
    here = parse_endpoint("me:secret@vc.example.com")
    assert here == parse_endpoint("https://me:secret@vc.example.com/sdk")
    assert hash(here) == hash(parse_endpoint("https://me:secret@vc.example.com/sdk"))
    assert here != here.with_user("me")
    assert here.with_user("me").password is None
    assert "secret" not in f"{here} {here!r} {here.url}"


def test_no_secret_shows_in_a_repr() -> None:
    client = RestClient()
    client.unmarshal_json(b"0123456789abcdef")
    assert client.session_id == "0123456789abcdef"
    assert "0123456789abcdef" not in f"{client!r} {client}"
    assert "with a session" in repr(client)
    assert "without a session" in repr(SoapClient())
