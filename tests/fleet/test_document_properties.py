"""Whatever runners do with a document, in whatever order and by whatever clock: what always holds."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from fleet.made import NOW, digest, token
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.contents import KINDS
from vsphere_session.fleet.document import MAX_ASIDE, MAX_LOG, Aside, Document, Entry, Lease
from vsphere_session.fleet.engine import MAX_DOCUMENT_BYTES

SESSIONS = st.integers(0, 9).map(lambda number: digest(str(number)))


class Documents(RuleBasedStateMachine):
    """One document that is always replaced by what comes out of it, as by an engine without a conflict."""

    leases = Bundle("leases")

    @initialize()
    def begin(self) -> None:
        """Nothing is there."""
        self.document = Document()
        self.now = NOW
        self.highest = 0
        self.held: Lease | None = None
        self.unsettled: set[str] = set()

    @rule(seconds=st.sampled_from([0.0, 0.5, 5.0, 11.0, 100.0, -1.0, -5.0, -86400.0]))
    def time_goes_by(self, seconds: float) -> None:
        """Or back."""
        self.now += seconds

    @rule(target=leases, runner=st.sampled_from("abc"), seconds=st.sampled_from([1.0, 10.0, 1e9]))
    def take(self, runner: str, seconds: float) -> object:
        """Nobody gets one while one runs; each fence is higher than all before, whatever the clock did."""
        free = not documents.lease_left(self.document, self.now)
        found = documents.take(
            self.document, self.now, owner=runner, token=token(runner), purpose="login", seconds=seconds
        )
        assert (found is not None) == free
        if found is None:
            return multiple()
        self.document, self.held = found
        assert self.held.fence > self.highest
        self.highest = self.held.fence
        return self.held

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        """The last one alone, and never for long."""
        found = documents.renew(self.document, self.now, lease)
        assert (found is not None) == self._holds(lease)
        if found is not None:
            self.document = found[0]
            assert documents.lease_left(self.document, self.now) == documents.LEASE_SECONDS

    @rule(lease=consumes(leases))
    def release(self, lease: Lease) -> None:
        """Another's stays."""
        holds, before = self._holds(lease), self.document
        self.document = documents.release(self.document, lease)
        assert (self.document.lease is None) if holds else (self.document == before)
        self.held = None if holds else self.held

    @rule(lease=leases, session=SESSIONS, kind=st.sampled_from(KINDS), retire=st.sampled_from([0.0, 3600.0]))
    def commit(self, lease: Lease, session: str, kind: str, retire: float) -> None:
        """By the highest fence alone; what was handed out before is kept until it is ended."""
        before = self.document.entries.get(kind)
        entry = Entry(session, b"x", self.now, self.now, lease.fence)
        found = documents.commit(self.document, self.now, lease, kind, entry, retire_until=self.now + retire)
        assert (found is not None) == self._holds(lease)
        if found is not None:
            self.document = found
            self.unsettled.discard(session)
            assert found.entries[kind] == entry
            assert before is None or documents.knows(found, before.digest)

    @rule(lease=leases, kind=st.sampled_from(KINDS))
    def withdraw(self, lease: Lease, kind: str) -> None:
        """It is handed out no more, and due at once unless another kind has it."""
        before = self.document.entries.get(kind)
        found = documents.withdraw(self.document, self.now, lease, kind)
        assert (found is not None) == self._holds(lease)
        if found is not None:
            self.document = found
            assert kind not in found.entries
            assert before is None or documents.knows(found, before.digest)

    @rule(session=SESSIONS, why=st.sampled_from(["new", "stale"]), kind=st.sampled_from(KINDS))
    def set_aside(self, session: str, why: str, kind: str) -> None:
        """With or without the lease; what is handed out stays so."""
        handed_out = session in {each.digest for each in self.document.entries.values()}
        made = Aside(kind, session, b"x", self.document.fence, self.now, why)
        self.document = documents.set_aside(self.document, self.now, made, "runner")
        assert documents.knows(self.document, session)
        if not handed_out:
            self.unsettled.add(session)

    @rule(session=SESSIONS, kind=st.sampled_from(KINDS))
    def confirm(self, session: str, kind: str) -> None:
        """Believed at once if it is the entry; no session becomes another one by it."""
        before = self.document
        self.document = documents.confirm(self.document, self.now, kind, session, "runner")
        found = self.document.entries.get(kind)
        if found is None or found.digest != session:
            assert self.document == before
        else:
            assert documents.age(found, self.now) == 0
            assert found == replace(before.entries[kind], confirmed=found.confirmed)

    @rule(session=SESSIONS, kind=st.sampled_from(KINDS))
    def distrust(self, session: str, kind: str) -> None:
        """Of one session alone."""
        self.document = documents.distrust(self.document, kind, session)
        found = self.document.entries.get(kind)
        if found is not None and found.digest == session:
            assert documents.age(found, self.now) == inf

    @rule()
    def end_what_is_due(self) -> None:
        """All that a holder is told to end is aside, and none of it is handed out."""
        handed_out = {each.digest for each in self.document.entries.values()}
        for each in documents.due(self.document, self.now):
            assert each in self.document.aside
            assert each.digest not in handed_out
            self.document = documents.settle(self.document, each.digest)
            self.unsettled.discard(each.digest)

    @rule()
    def read_again(self) -> None:
        """Bytes lose nothing."""
        data = documents.written(self.document)
        assert len(data) <= MAX_DOCUMENT_BYTES
        assert documents.read(data) == self.document
        self.document = documents.read(data)

    @invariant()
    def holds(self) -> None:
        """No fence goes back; of those to be ended none is forgotten; each limit is kept."""
        assert self.document.fence == self.highest
        assert all(documents.knows(self.document, session) for session in self.unsettled)
        assert len(self.document.aside) <= MAX_ASIDE
        assert len({each.digest for each in self.document.aside}) == len(self.document.aside)
        assert len(self.document.log) <= MAX_LOG

    def _holds(self, lease: Lease) -> bool:
        return self.held is not None and lease.fence == self.held.fence


TestDocuments = Documents.TestCase
TestDocuments.settings = settings(deadline=None, max_examples=60, stateful_step_count=40, database=None)
