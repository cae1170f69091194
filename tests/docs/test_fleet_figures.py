"""What docs/fleet.md shows of a run, and how a scene lets time go by."""

from __future__ import annotations

import pytest

from docs import plots
from fleet.at_scale import page, picture
from fleet.at_scale.crowd import Answer, Crowd
from fleet.at_scale.documents import aged, digests_in
from fleet.at_scale.figures import Measured
from fleet.at_scale.stage import VALKEY, stage
from fleet.made import NOW, committed, digest
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.document import Document

pytestmark = pytest.mark.sessions_counted_by_hand


def test_the_picture_is_that_of_the_pages_figures() -> None:
    """Drawn again it is the same to the byte."""
    assert page.PICTURE.read_text(encoding="utf-8") == picture.draw(page.shown_points())


def test_the_picture_is_for_dark_pages_too() -> None:
    drawn = picture.draw(page.shown_points())
    assert plots.ON_DARK[plots.BAR] in drawn
    assert "with a fleet: 2<" in drawn


def test_a_document_a_minute_later_has_the_same_sessions_confirmed_a_minute_before() -> None:
    before = documents.written(committed(Document(), "one", NOW))
    after = aged(before, 60)
    assert digests_in(after) == digests_in(before) == {digest("one")}
    assert documents.age(documents.read(after).entries["soap"], NOW) == 60


def test_an_account_a_minute_later_was_refused_a_minute_before() -> None:
    refused = accounts.refuse(accounts.Account(), NOW, ["0" * 64], 300)
    after = accounts.read(aged(accounts.written(refused), 60))
    assert [at for at, _ in after.marks.values()] == [NOW - 60]


def test_a_session_that_nobody_knows_is_found_and_has_to_be_explained() -> None:
    """By the judge of all scenes."""
    with stage(VALKEY) as here:
        (runner,) = here.runners(1)
        runner.get()
        assert not here.unknown()
        measured = Measured(here)
        here.vcenter.add_session(runner.user)
        with pytest.raises(AssertionError, match="1 sessions on the server that nobody knows"):
            measured.row("one too many", Crowd([Answer((), "busy", "", 0.0, 1.0)]))
