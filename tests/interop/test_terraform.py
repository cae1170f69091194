"""Real Terraform with its real `external` data source: one login altogether, readable errors, and what its state says."""

from __future__ import annotations

from pathlib import Path

import pytest

from peers import TerraformWorkspace, VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper


def workspace(
    tmp_path: Path, helper: Helper, server: SimulatedVCenter | VcSim, password: str = PASSWORD, **query: str
) -> TerraformWorkspace:
    """A root module that asks the helper; the password comes from the environment, as it should."""
    given = {"url": server.authority, "username": USER, "ca_file": str(server.ca_file), **query}
    environment = {"HOME": str(helper.home), "VSPHERE_PASSWORD": password}
    directory = tmp_path / "terraform"
    directory.mkdir()
    made = TerraformWorkspace(directory, [*helper.program, "get"], given, environment)
    made.init()
    return made


def said(stderr: str) -> str:
    """Terraform's diagnostic as running text: without its frame and line breaks."""
    return " ".join(line.strip("│╷╵ ") for line in stderr.splitlines()).replace("  ", " ")


def test_init_apply_apply_again_is_one_login_altogether(tmp_path: Path, helper: Helper) -> None:
    with SimulatedVCenter(unified=True) as server:
        terraform = workspace(tmp_path, helper, server)
        results = [terraform.apply(), terraform.apply()]
        assert len(server.logins) == server.login_attempts == server.session_count == 1
        (session,) = server.sessions
        assert [result["soap_session_id"] for result in results] == [session.id] * 2
        assert [result["rest_session_id"] for result in results] == [session.id] * 2
        assert results[1]["source"] == "cache"
        assert results[0]["username"] == "VSPHERE.LOCAL\\administrator"
        assert session.user_agent.startswith("vsphere-session/")


def test_on_govmomis_simulator_the_result_is_the_servers_session(tmp_path: Path, helper: Helper) -> None:
    with VcSim(USER, PASSWORD) as server:
        terraform = workspace(tmp_path, helper, server, api="soap")
        result = terraform.apply()
        assert [session["key"] for session in server.sessions()] == [result["soap_session_id"]]
        assert Path(result["soap_session_file"]).is_file()
        assert "rest_session_id" not in result


def test_output_files_keeps_the_session_ids_out_of_the_state(tmp_path: Path, helper: Helper) -> None:
    with SimulatedVCenter() as server:
        terraform = workspace(tmp_path, helper, server, output="files")
        result = terraform.apply()
        state = terraform.state_file.read_text(encoding="utf-8")
        assert len(server.sessions) == 2
        for session in server.sessions:
            assert session.id not in state
            assert session.id in helper.sessions_in_files
        assert PASSWORD not in state
        files = [Path(result[f"{kind}_session_file"]) for kind in ("soap", "rest")]
        assert all(file.is_file() for file in files)
        assert not {"soap_session_id", "rest_session_id"} & result.keys()
        assert result["username"]


@pytest.mark.parametrize("case", ["wrong password", "misspelt field", "untrusted"])
def test_an_error_arrives_as_terraforms_diagnostic_readable_and_whole(
    tmp_path: Path, helper: Helper, case: str
) -> None:
    with SimulatedVCenter() as server:
        query = {"misspelt field": {"usrname": "x"}, "untrusted": {"thumbprint": "AA:" * 31 + "AA"}}.get(case, {})
        terraform = workspace(tmp_path, helper, server, "wrong" if case == "wrong password" else PASSWORD, **query)
        failed = terraform.run("apply", "-no-color", "-input=false", "-auto-approve")
        assert failed.returncode == 1
        reply = helper.call(
            "get",
            {"url": server.authority, "username": USER, "ca_file": server.ca_file, **query},
            VSPHERE_PASSWORD="wrong",
            HOME=str(tmp_path / "other home"),  # where nobody remembers the refusal
        )
        assert said(reply.stderr.strip()) in said(failed.stderr)
        expected = {
            "wrong password": "refused the login",
            "misspelt field": 'the field "usrname" is not known; did you mean "username"?',
            "untrusted": f"actual {server.thumbprint}",
        }
        assert expected[case] in said(failed.stderr)
        assert f'Error: failed to execute "{helper.program[0]}": vsphere-session: ' in said(failed.stderr)
        assert "Traceback" not in failed.stderr
        assert '"wrong"' not in failed.stderr
        assert server.session_count == 0
