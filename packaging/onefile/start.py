"""The first code of the single file, when the bootloader has unpacked a Python and what every answer needs.

All other extension modules and their libraries are in the file's store (see store.py), and come out of it when they
are imported.
"""

from __future__ import annotations

import encodings
import marshal
import os
import sys
from _frozen_importlib_external import spec_from_file_location  # `importlib`, without its import
from _thread import get_ident, start_new_thread
from errno import EIO

from pyimod02_importers import pyz_archive  # type: ignore[import-not-found]  # PyInstaller's

from vsphere_session.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

UNPACKED: str = sys._MEIPASS  # type: ignore[attr-defined]  # PyInstaller's only name for it
BOOTLOADER = int(os.path.basename(UNPACKED)[4:12], 16)
"""The process that has unpacked all this, and removes it: `_MEI`, its number, and some letters."""


class Store:
    """Finds the modules that nobody else has found. The store is opened when one is asked for."""

    def __init__(self) -> None:
        self._follows = False
        self._file = -1
        self._start = 0
        self._table: dict[str, tuple[tuple[str, int, int, bool], ...]] = {}

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002  # importlib's signature
        """Unpack the module with its libraries. Raises StorageError, an answer that a caller can read."""
        if self._file < 0:
            self._open()
        places = self._table.get(name)
        if places is None:
            return None
        if not self._follows:
            self._follows = True
            start_new_thread(_follow, ())  # from here on it may take long
        for place in places:
            self._unpack(*place)
        return spec_from_file_location(name, os.path.join(UNPACKED, places[-1][0]))

    def _open(self) -> None:
        try:
            with open(pyz_archive._filename, "rb") as file:
                file.seek(pyz_archive._start_offset + 8)  # behind two magic numbers
                file.seek(pyz_archive._start_offset + int.from_bytes(file.read(4), "big"))
                marshal.load(file)  # noqa: S302  # the archive's own table of contents, behind which the store begins
                self._table = marshal.load(file)  # noqa: S302  # written by the build
                self._start = file.tell()
                self._file = os.dup(file.fileno())
        except OSError as error:
            raise StorageError(
                f"cannot read {pyz_archive._filename} ({os.strerror(error.errno or 0)}); was it moved? start it again"
            ) from None

    def _unpack(self, name: str, offset: int, size: int, compressed: bool) -> None:
        target = os.path.join(UNPACKED, name)
        if os.path.exists(target):
            return
        unfinished = f"{target}.{get_ident()}"  # two threads may import what needs the same library
        try:
            os.makedirs(os.path.dirname(target), 0o700, exist_ok=True)
            with open(unfinished, "wb", buffering=0) as file:
                self._copy(file.fileno(), self._start + offset, size, compressed)
            os.rename(unfinished, target)
        except OSError as error:
            _remove_quietly(unfinished)
            raise StorageError(
                f"cannot unpack {name} to {os.path.dirname(UNPACKED)} ({os.strerror(error.errno or 0)}); free 20 MB there, or set TMPDIR"
            ) from None

    def _copy(self, target: int, offset: int, size: int, compressed: bool) -> None:
        if compressed:
            import zlib  # noqa: PLC0415  # PyInstaller has imported it

            data = memoryview(zlib.decompress(os.pread(self._file, size, offset)))
            while data:
                data = data[os.write(target, data) :]
        while not compressed and size:
            copied = os.sendfile(target, self._file, offset, size)
            if not copied:
                raise OSError(EIO, "the file has become shorter")
            offset += copied
            size -= copied


def _follow() -> None:
    """Die with the bootloader. Whoever kills what he has started (Terraform does) kills that one alone.

    The program would go on, hold its lock until the deadline, and answer nobody.
    """
    try:
        process = os.pidfd_open(BOOTLOADER)
        import select  # noqa: PLC0415  # it comes out of the store
    except (OSError, StorageError):  # an old kernel, dead already, or no room: whoever needs room will say so
        pass
    else:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll()
    if os.getppid() != BOOTLOADER:
        _tidy_up()
        os._exit(137)


def _tidy_up() -> None:
    """Remove what was unpacked, as far as that is possible."""
    for directory, _, files in os.walk(UNPACKED, topdown=False):
        for file in files:
            _remove_quietly(os.path.join(directory, file))
        try:
            os.rmdir(directory)
        except OSError:
            pass


def _remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def run() -> None:
    """Run the program, as `vsphere-session` of a wheel does."""
    encodings.__path__.append(os.path.join(UNPACKED, "encodings"))  # where PyInstaller's importer finds other codecs
    sys.meta_path.append(Store())  # a finder in all that importlib asks of one
    try:
        from vsphere_session.entry import main  # noqa: PLC0415  # when all of its imports can be found

        main()
    finally:
        if os.getppid() != BOOTLOADER:  # which would have tidied up
            _tidy_up()


run()
