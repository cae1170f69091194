"""The data sources that stand in for Packer's `external` plugin keep to its rules, or the tests with them prove nothing."""

import json
import shlex
from pathlib import Path

import pytest

from peers import PackerTemplate

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds Packer

OBJECT = "data.external.it.result"
RAW = "data.external-raw.it.result"


def packer(tmp_path: Path, kind: str, script: str, more: str = "", value: str = '""') -> PackerTemplate:
    """A template whose data source runs lines of shell, and whose build writes a value into the file `out`."""
    program = json.dumps(["sh", "-c", script]).replace("${", "$${")
    return PackerTemplate(
        tmp_path,
        f"""
        data "{kind}" "it" {{
          program = {program}
          {more}
        }}
        source "file" "out" {{
          content = jsonencode({value})
          target  = "out"
        }}
        build {{
          sources = ["source.file.out"]
        }}
        """,
    )


def built(template: PackerTemplate) -> object:
    """The value, after a build that has to succeed."""
    template.ok("build", "-color=false", ".")
    return json.loads((template.directory / "out").read_text(encoding="utf-8"))


def said(template: PackerTemplate) -> str:
    """What a build that has to fail says."""
    failed = template.run("build", "-color=false", ".")
    assert failed.returncode == 1
    return failed.stdout + failed.stderr


@pytest.mark.parametrize(
    ("query", "stdin"),
    [("", "null"), ("query = {}", "{}"), ('query = { b = "1", a = "é" }', '{"a":"é","b":"1"}')],
)
def test_a_query_is_json_and_none_is_null(tmp_path: Path, query: str, stdin: str) -> None:
    template = packer(tmp_path, "external", 'cat > in; echo "{}"', query)
    assert built(template) == ""
    assert (template.directory / "in").read_text(encoding="utf-8") == stdin


@pytest.mark.parametrize("query", ["", "1\n"])
def test_a_raw_query_and_its_answer_are_what_they_are(tmp_path: Path, query: str) -> None:
    more = f"query = {json.dumps(query)}" if query else ""
    template = packer(tmp_path, "external-raw", "cat > in; echo ' a '; echo", more, RAW)
    assert built(template) == " a \n\n"
    assert (template.directory / "in").read_text(encoding="utf-8") == query


@pytest.mark.parametrize("answer", ['{"a":1}', '{"a":true}', '{"a":{}}', "[]", "", "{}{}", "\ufeff{}", "{} log"])
def test_an_answer_that_is_no_object_of_strings_is_refused(tmp_path: Path, answer: str) -> None:
    template = packer(tmp_path, "external", f"printf %s {shlex.quote(answer)}")
    assert "failed parsing output of external program" in said(template)


def test_strings_pass_and_null_is_an_empty_one(tmp_path: Path) -> None:
    answer = '{"a":null,"b":"${x} \\"é\\""}'
    template = packer(tmp_path, "external", f"printf %s {shlex.quote(answer)}; echo noise >&2", "", OBJECT)
    assert built(template) == {"a": "", "b": '${x} "é"'}


@pytest.mark.parametrize("kind", ["external", "external-raw"])
def test_of_a_program_that_fails_the_status_and_stderr_are_shown_and_stdout_is_not(tmp_path: Path, kind: str) -> None:
    shown = said(packer(tmp_path, kind, "echo answer; echo why >&2; exit 7"))
    assert "external program run failed: exit status 7, stderr='\"why\\n\"'" in shown
    assert "answer" not in shown


def test_a_program_runs_in_its_directory_and_has_to_be_found(tmp_path: Path) -> None:
    template = packer(tmp_path, "external-raw", "pwd", 'working_dir = "/"', RAW)
    assert built(template) == "/\n"
    text = (template.directory / "template.pkr.hcl").read_text(encoding="utf-8").replace('"sh"', '"no-such-program"')
    (template.directory / "template.pkr.hcl").write_text(text, encoding="utf-8")
    assert "external program lookup failed" in said(template)
