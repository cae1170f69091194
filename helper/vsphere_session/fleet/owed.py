"""Sessions that this machine has made and the fleet does not know: offered to it, or ended, when its engine is there again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vsphere_session.digest import session_digest
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import remove_quietly, write_private
from vsphere_session.storage.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable


class Owed:
    """A small file of digests for each key, beside its record. Lost, it costs nothing: such a session idles out."""

    def __init__(self, state: str, name: str) -> None:
        self._path = os.path.join(state, "fleet", "owed", name)

    def has(self, session_id: str) -> bool:
        """Whether this session is owed."""
        return session_digest(session_id) in self._digests()

    def note(self, session_id: str) -> None:
        """The fleet does not know this session."""
        self._write({*self._digests(), session_digest(session_id)})

    def clear(self, session_id: str) -> None:
        """It does, or the session has ended."""
        digests = self._digests()
        if session_digest(session_id) in digests:
            self._write(digests - {session_digest(session_id)})

    def _digests(self) -> set[str]:
        try:
            return set((Reader().unnoted(self._path) or b"").decode("ascii", "replace").split())
        except StorageError:
            return set()

    def _write(self, digests: Iterable[str]) -> None:
        lines = "".join(f"{digest}\n" for digest in sorted(digests))
        try:
            if lines:
                write_private(self._path, lines.encode())
            else:
                remove_quietly(self._path)
        except StorageError:
            pass  # a full disk; then it idles out
