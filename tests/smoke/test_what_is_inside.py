"""The bill of materials of the single file, and NOTICE: they name all that is in it, with its version and its licence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from support import build_code

ROOT = Path(__file__).resolve().parents[2]
with build_code.importable():
    from binary import notice, sbom
    from binary.components import components, texts
    from binary.contents import BUNDLED
    from common import BuildError
    from toolchain import zig
    from toolchain.sources import sha256, sources


@pytest.fixture
def bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """That of a made-up file for another machine."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("VSPHERE_SESSION_BUILT_FROM", "commit abc1234 (clean)")
    (tmp_path / "file").write_bytes(b"the file")
    sbom.write(tmp_path / "bill", tmp_path / "file", zig.target("aarch64"))
    first = (tmp_path / "bill").read_bytes()
    sbom.write(tmp_path / "bill", tmp_path / "file", zig.target("aarch64"))
    assert (tmp_path / "bill").read_bytes() == first
    return first.decode()


def test_the_bill_is_what_cyclonedx_wants_it_to_be(bill: str) -> None:
    """By the project's own schema, strictly; and a broken one is not."""
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill) is None
    assert validator.validate_str(bill.replace('"library"', '"lib"')) is not None


def test_the_bill_says_which_file_it_is_of(bill: str) -> None:
    metadata = json.loads(bill)["metadata"]
    assert metadata["timestamp"] == "2023-11-14T22:13:20+00:00"
    assert metadata["component"]["hashes"] == [{"alg": "SHA-256", "content": sha256(b"the file")}]
    assert [each["value"] for each in metadata["component"]["properties"]] == [
        "commit abc1234 (clean)",
        "aarch64-linux-musl",
    ]


def test_the_bill_names_every_source_of_the_lock_and_every_distribution(bill: str) -> None:
    """Each with a version, a licence, and where it comes from; the compiler as what is needed to build alone."""
    rows = {row["name"]: row for row in json.loads(bill)["components"]}
    assert list(rows) == [*(source.name for source in sources()), "musl", "ziglang", *BUNDLED]
    for source in sources():
        row = rows[source.name]
        assert (row["version"], row["purl"]) == (source.version, source.purl)
        assert row["licenses"] == [{"expression": source.licence}]
        assert row["hashes"] == [{"alg": "SHA-256", "content": source.release_sha256}]
        assert row["externalReferences"][0]["url"] == source.release
        assert row["cpe"].split(":")[5] == source.version
    for row in rows.values():
        assert row["purl"].endswith(f"@{row['version']}")
        assert re.fullmatch(r"[A-Za-z0-9.-]+", row["licenses"][0]["expression"])
    assert [name for name, row in rows.items() if row["scope"] == "excluded"] == ["ziglang"]
    (needs,) = json.loads(bill)["dependencies"]
    assert needs["dependsOn"] == [row["purl"] for name, row in rows.items() if name != "ziglang"]


def test_notice_is_up_to_date() -> None:
    """`python packaging/binary/notice.py` writes it."""
    assert notice.NOTICE.read_text(encoding="utf-8") == notice.text()


def test_notice_names_every_component_with_its_licence_and_holds_the_text() -> None:
    """And what CPython has taken over from others."""
    text = notice.NOTICE.read_text(encoding="utf-8")
    for part in components():
        assert f"\n  {part.name:<18}{part.licence}\n" in text
        assert re.search(rf"^{re.escape(part.name)}( \(.*\))?: {part.licence}$", text, re.MULTILINE)
        assert any("permission" in each.lower() or "redistribution" in each.lower() for each in texts(part))
    for holder in (
        "INRIA",
        "Makoto Matsumoto",
        "Lucent",
        "Marek Majkowski",
        "Rich Felker",
        "Python Software Foundation",
    ):
        assert holder in text


def test_a_distribution_that_does_not_say_its_licence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody guesses it."""
    monkeypatch.setattr("binary.components.CLASSIFIERS", {})
    with pytest.raises(BuildError, match=r"jaraco\.classes .* does not say its licence: see "):
        components()


def test_a_distribution_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("binary.components.BUNDLED", ("no-such-package",))
    with pytest.raises(BuildError, match="the package no-such-package is not here: run python3"):
        components()
