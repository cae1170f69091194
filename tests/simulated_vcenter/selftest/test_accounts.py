"""One account, many spellings."""

from __future__ import annotations

import pytest

from simulated_vcenter.accounts import Accounts

USER = "administrator@vsphere.local"


@pytest.mark.parametrize(
    "name",
    [USER, "Administrator@VSPHERE.LOCAL", r"VSPHERE.LOCAL\Administrator", r"vsphere.local\administrator"],
)
def test_every_spelling_that_vcenter_takes_is_the_one_account(name: str) -> None:
    assert Accounts({USER: "secret"}).check(name, "secret") == USER


@pytest.mark.parametrize(
    ("name", "password"),
    [(USER, "Secret"), (USER, ""), ("administrator", "secret"), ("", ""), ("root", "secret")],
)
def test_anything_else_is_refused(name: str, password: str) -> None:
    assert Accounts({USER: "secret"}).check(name, password) is None


def test_an_empty_password_never_passes() -> None:
    assert Accounts({"root": ""}).check("root", "") is None


def test_soap_and_rest_report_the_domain_in_upper_case_each_in_its_way() -> None:
    accounts = Accounts({})
    assert accounts.soap_name("jane@example.com") == r"EXAMPLE.COM\jane"
    assert accounts.rest_name("jane@example.com") == "jane@EXAMPLE.COM"
    assert accounts.soap_name("root") == accounts.rest_name("root") == "root"


def test_a_reported_name_can_be_anything() -> None:
    accounts = Accounts({}, {USER: r"VSPHERE.LOCAL\Administrator"})
    assert accounts.soap_name(USER) == accounts.rest_name(USER) == r"VSPHERE.LOCAL\Administrator"


def test_a_password_can_change() -> None:
    accounts = Accounts({USER: "old"})
    accounts.set_password("ADMINISTRATOR@vsphere.local", "new")
    accounts.set_password("jane@example.com", "hers")
    assert accounts.check(USER, "old") is None
    assert accounts.check(USER, "new") == USER
    assert accounts.check(r"EXAMPLE.COM\jane", "hers") == "jane@example.com"
