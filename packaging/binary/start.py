"""The first Python code of the single file: finds modules in the file itself, and runs the program.

What every answer needs is imported at once, in the order that the build has found out: importlib, which looks for each
module anew, would take longer than the modules themselves. Everything that is compiled is in the interpreter.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
from _frozen_importlib import ModuleSpec  # `importlib`, without its import
from time import time

import _launcher  # type: ignore[import-not-found]  # made by launcher.c
from _launcher import checksum, image, index, is_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.metadata import Distribution, DistributionFinder
    from types import CodeType, ModuleType

    from binary.archive import Late, Member, Module
    from vsphere_session.fastpath.launcher import Handed


class Modules:
    """Finds and loads all modules that the interpreter itself does not have: a finder and loader of importlib's."""

    def __init__(self, bundles: tuple[Member, ...], late: Member) -> None:
        self._unread = list(bundles)
        self._late_unread: Member | None = late
        self._codes: dict[str, tuple[bool, CodeType]] = {}
        self._late: Late = {}

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002  # importlib's signature
        """Say where a module is."""
        found = self._codes.get(name) or self._late.get(name)
        if found:
            return ModuleSpec(name, self, origin=name, is_package=found[0])  # type: ignore[arg-type]  # a loader in all that importlib asks of one
        if self._unread:
            self._codes |= {name: (is_package, code) for name, is_package, code in loaded(self._unread.pop(0))}
        elif self._late_unread:
            self._late, self._late_unread = loaded(self._late_unread), None
        else:
            return None
        return self.find_spec(name)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to importlib."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code."""
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102  # an importer's purpose

    def get_code(self, name: str) -> CodeType:
        """A module's code."""
        if name in self._codes:
            return self._codes[name][1]
        return loaded(self._late[name][1])  # type: ignore[no-any-return]

    def import_all(self, modules: tuple[Module, ...]) -> None:
        """Import modules as importlib does, but for the search. Each comes after those whose names it imports."""
        known = sys.modules
        for name, is_package, _ in modules:
            module = known[name] = type(sys)(name)
            spec = module.__spec__ = ModuleSpec(name, self, origin=name, is_package=is_package)  # type: ignore[arg-type]
            module.__loader__ = self  # type: ignore[assignment]
            module.__package__ = spec.parent
            if is_package:
                module.__path__ = []
        for name, _, code in modules:
            exec(code, known[name].__dict__)  # noqa: S102  # an importer's purpose
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(known[parent], child, known[name])

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        """For `importlib.metadata`."""
        from vsphere_session_plugins import distributions  # type: ignore[import-not-found]  # noqa: PLC0415  # plugins.py

        return distributions(context)  # type: ignore[no-any-return]


def loaded(member: Member):  # type: ignore[no-untyped-def]  # whatever the build has put there
    """What one member of the file is, from its bytes."""
    offset, size, inflated, expected = member
    data: memoryview = image[offset : offset + size]
    if inflated:
        import zlib  # noqa: PLC0415  # for what few answers need

        try:
            return marshal.loads(zlib.decompress(data, bufsize=inflated))  # noqa: S302  # nosec B302  # written by the build
        except zlib.error:
            raise _damaged() from None
    if checksum(data) != expected:
        raise _damaged()
    return marshal.loads(data)  # noqa: S302  # nosec B302  # written by the build


def _damaged() -> Exception:
    from credential_protocol.messages import Failure  # noqa: PLC0415  # when it can be found

    return Failure(f"{sys.executable} is damaged; get the file again", kind="internal")


def handed_over() -> Handed:
    """What the launcher has read already, and where it looks for answers."""
    from vsphere_session.fastpath.launcher import Handed  # noqa: PLC0415  # when it can be found

    return Handed(
        stdin=_launcher.stdin,
        at_end=bool(_launcher.stdin_ended),
        state=os.fsdecode(_launcher.state),
        question=_launcher.question,
        build=_launcher.build,
        checksum=checksum,
        began=time(),
        started=_launcher.started,
        core_filter=_launcher.core_filter,
        core_limit=_launcher.core_limit,
        ignored=frozenset(number for number in range(1, 32) if _launcher.ignored >> number & 1),
    )


def run() -> None:
    """Run the program, as `vsphere-session` of a wheel does."""
    if sys.argv[1:] == ["--version"] and not is_whole():
        os.write(2, f"vsphere-session: {_damaged()}\n".encode())
        os._exit(70)
    sys.frozen = True  # type: ignore[attr-defined]  # as other makers of such files say it: `sys.executable` is the program
    status = 70
    try:
        from vsphere_session.cli.main import main  # noqa: PLC0415  # when it can be found

        main(handed_over())
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    os._exit(status)  # all is written, and taking an interpreter apart takes long


early, *others = marshal.loads(image[index[0] : index[0] + index[1]])  # noqa: S302  # nosec B302  # written by the build
finder = Modules(*others)
sys.meta_path.append(finder)
finder.import_all(early)
gc.freeze()  # what is there now stays: not looked through again
gc.enable()
run()
