"""Rows d to h of what govmomi's cache gets wrong, measured in execution: its files on disk."""

from __future__ import annotations

import os
import threading

import pytest

from cache.bench import Bench

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


# ---- d, e, f, g: files that are not whole


@BOTH
def test_d_an_empty_file_is_no_session_and_gets_replaced(bench: Bench, kind: str) -> None:
    bench.file(kind).parent.mkdir(parents=True)
    bench.file(kind).touch()
    assert not bench.session().load(bench.client(kind))
    assert bench.session().login(bench.client(kind))
    assert not bench.session(password=None).login(bench.client(kind))


@BOTH
def test_e_a_truncated_file_is_no_session_and_gets_replaced(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    whole = bench.file(kind).read_bytes()
    bench.vcenter.end_all()
    for length in sorted({1, *range(0, len(whole) - 1, 97), len(whole) - 2}):
        bench.file(kind).write_bytes(whole[:length])
        assert not bench.asking().load(bench.client(kind)), length
    assert bench.session().login(bench.client(kind))
    assert len(bench.file(kind).read_bytes()) >= len(whole) - 1


@BOTH
def test_f_an_overlong_old_file_is_replaced_as_a_whole(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    length = bench.file(kind).stat().st_size
    bench.vcenter.end_all()
    with bench.file(kind).open("ab") as file:
        file.write(b" " * 20_000)
    client = bench.client(kind)
    assert bench.session(reauth=True).login(client)
    assert bench.file(kind).stat().st_size == length
    assert bench.file(kind).read_bytes() == client.marshal_json()


@BOTH
def test_f_a_tail_that_govmomi_left_behind_is_ignored(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    with bench.file(kind).open("ab") as file:
        file.write(b'"cookies":null,"url":{"Scheme":"https"}}}\n' * 400)
    assert bench.asking().load(bench.client(kind))


@BOTH
def test_g_who_loads_while_another_saves_sees_one_session_or_the_other(bench: Bench, kind: str) -> None:
    first, second = bench.client(kind), bench.client(kind)
    bench.session().login(first)
    second.unmarshal_json(first.marshal_json().replace(first.session_id.encode(), b"0123" * 16))
    done = threading.Event()

    def save() -> None:
        try:
            for _ in range(40):
                for client in (second, first):
                    bench.session().save(client)
        finally:
            done.set()

    saving = threading.Thread(target=save)
    saving.start()
    seen = set()
    while not done.is_set():
        client = bench.client(kind)
        client.unmarshal_json(bench.file(kind).read_bytes())
        seen.add(client.session_id)
    saving.join()
    assert seen <= {first.session_id, second.session_id}, "never nothing, never a half"
    assert os.listdir(bench.file(kind).parent) == [bench.file(kind).name]


# ---- h: modes


@BOTH
@pytest.mark.parametrize("again", ["save", "load"])
def test_h_looser_modes_of_the_file_are_repaired(bench: Bench, kind: str, again: str) -> None:
    client = bench.client(kind)
    bench.session().login(client)
    bench.file(kind).chmod(0o644)
    bench.session().save(client) if again == "save" else bench.session().load(client)
    assert bench.file(kind).stat().st_mode & 0o777 == 0o600


@BOTH
def test_h_looser_modes_of_the_directory_are_repaired_on_save(bench: Bench, kind: str) -> None:
    client = bench.client(kind)
    bench.session().login(client)
    bench.file(kind).parent.chmod(0o755)
    bench.session().save(client)
    assert bench.file(kind).parent.stat().st_mode & 0o777 == 0o700


def test_h_every_directory_that_is_made_is_private_as_govmomi_makes_it(bench: Bench) -> None:
    bench.soap(bench.session())
    bench.rest(bench.session())
    made = [path for path in bench.home.rglob("*") if path.is_dir()]
    assert {str(path): oct(path.stat().st_mode & 0o777) for path in made} == {str(path): "0o700" for path in made}
    assert {path.stat().st_mode & 0o777 for path in bench.home.rglob("*") if path.is_file()} == {0o600}
