"""pyVmomi works against the simulated vCenter as against a real one."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from simulated_vcenter import SimulatedVCenter
from support.pyvmomi import pyvmomi_connections

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"


@contextmanager
def connected(vc: SimulatedVCenter, **how: str) -> Iterator[Any]:
    """Give a ServiceInstance; its connections are closed at the end, its session is left alone."""
    host, port = vc.authority.split(":")
    trust = ssl.create_default_context(cafile=vc.ca_file)
    connect: Any = SmartConnect
    with pyvmomi_connections():
        instance = connect(host=host, port=int(port), sslContext=trust, **how)
        try:
            yield instance
        finally:
            instance._stub.DropConnections()


@pytest.mark.parametrize("how", [{}, {"esxi": True}, {"unified": True}, {"quoted_cookie": False}])
def test_smart_connect_logs_in_and_reads_and_disconnect_logs_out(how: dict[str, Any]) -> None:
    with SimulatedVCenter(**how) as vc, connected(vc, user=USER, pwd=PASSWORD) as instance:
        manager = instance.content.sessionManager
        (session,) = vc.sessions
        assert manager.currentSession.key == session.key
        assert [each.userName for each in manager.sessionList] == [r"VSPHERE.LOCAL\administrator"]
        assert session.user_agent.startswith("pyvmomi")
        assert instance.CurrentTime().timestamp() == pytest.approx(vc.clock.now(), abs=60)
        disconnect: Any = Disconnect
        disconnect(instance)
        assert vc.session_count == 0


@pytest.mark.parametrize("esxi", [False, True])
def test_every_part_of_the_service_content_is_what_pyvmomi_expects(esxi: bool) -> None:
    with SimulatedVCenter(esxi=esxi) as vc, connected(vc, sessionId="nobody's") as instance:
        content = instance.RetrieveContent()
        assert content.about.apiType == ("HostAgent" if esxi else "VirtualCenter")
        assert isinstance(content.sessionManager, vim.SessionManager)
        assert isinstance(content.propertyCollector, vmodl.query.PropertyCollector)
        given = {name for name, value in vars(content).items() if hasattr(value, "_moId")}
        assert len(given) == (25 if esxi else 47)


def test_smart_connect_takes_a_session_id_that_is_somebodys() -> None:
    with SimulatedVCenter() as vc:
        secret = vc.add_session(USER)
        with connected(vc, sessionId=secret) as instance:
            assert instance.content.sessionManager.currentSession.key == vc.sessions[0].key
            assert vc.login_attempts == 0


def test_a_session_id_that_is_nobodys_reads_as_no_session_and_works_for_nothing() -> None:
    with SimulatedVCenter() as vc, connected(vc, sessionId="nobody's") as instance:
        assert instance.content.sessionManager.currentSession is None
        with pytest.raises(vim.fault.NotAuthenticated):
            instance.CurrentTime()


def test_a_wrong_password_is_an_invalid_login() -> None:
    with SimulatedVCenter() as vc, connected(vc, sessionId="nobody's") as instance:
        with pytest.raises(vim.fault.InvalidLogin, match="incorrect user name or password"):
            instance.content.sessionManager.Login(USER, "wrong")
        assert (vc.login_attempts, vc.session_count) == (1, 0)


def test_the_property_collector_reads_several_properties_and_reports_unknown_ones() -> None:
    with SimulatedVCenter() as vc, connected(vc, user=USER, pwd=PASSWORD) as instance:
        collector, manager = instance.content.propertyCollector, instance.content.sessionManager
        types: Any = vmodl.query.PropertyCollector
        spec = types.FilterSpec(
            propSet=[types.PropertySpec(type=vim.SessionManager, all=True)],
            objectSet=[types.ObjectSpec(obj=manager)],
        )
        (told,) = collector.RetrieveContents([spec])
        read = {each.name: each.val for each in told.propSet}
        assert read["currentSession"].userName == r"VSPHERE.LOCAL\administrator"
        assert (read["defaultLocale"], len(read["sessionList"])) == ("en", 1)
        spec.propSet[0].all, spec.propSet[0].pathSet = False, ["nonsense"]
        with pytest.raises(vmodl.query.InvalidProperty):
            collector.RetrieveContents([spec])


def test_a_half_dead_session_reads_as_not_authenticated_but_can_log_out() -> None:
    with SimulatedVCenter() as vc, connected(vc, user=USER, pwd=PASSWORD) as instance:
        vc.faults.half_dead = True
        with pytest.raises(vim.fault.NotAuthenticated):
            _ = instance.content.sessionManager.currentSession
        assert vc.session_count == 1
        instance.content.sessionManager.Logout()
        assert vc.session_count == 0


def test_another_session_can_be_terminated_by_its_key() -> None:
    with SimulatedVCenter() as vc, connected(vc, user=USER, pwd=PASSWORD) as instance:
        vc.add_session(USER)
        manager = instance.content.sessionManager
        (other,) = [each.key for each in manager.sessionList if each.key != manager.currentSession.key]
        manager.TerminateSession([other])
        assert [each.key for each in manager.sessionList] == [manager.currentSession.key]
        with pytest.raises(vim.fault.NotFound):
            manager.TerminateSession([other])
