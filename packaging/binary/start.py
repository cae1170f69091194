"""The first Python code of the single file: finds modules in the file itself, and runs the program.

Python modules are read where the launcher has mapped them. Extension modules and the libraries that they need are
handed to the system's loader as files in memory, which have no name and end with the process, however that ends.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec  # `importlib`, without its import
from _imp import create_dynamic, exec_dynamic
from time import time

import _launcher  # type: ignore[import-not-found]  # made by launcher.c
from _launcher import checksum, image, index, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.metadata import Distribution, DistributionFinder
    from types import CodeType, ModuleType

    from binary.archive import Member, Tables
    from vsphere_session.fastpath.launcher import Handed


class Modules:
    """Finds and loads all modules that the interpreter itself does not have: a finder and loader of importlib's."""

    def __init__(self, tables: Tables) -> None:
        self._modules, self._extensions, self._libraries, self._late = tables
        self._loaded: set[str] = set()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002  # importlib's signature
        """Say where a module is; the libraries of an extension module are loaded."""
        if name in self._modules:
            is_package, _ = self._modules[name]
            return ModuleSpec(name, self, origin=name, is_package=is_package)  # type: ignore[arg-type]  # a loader in all that importlib asks of one
        if name in self._extensions:
            needs, member = self._extensions[name]
            for library in needs:
                self._load(library)
            return ModuleSpec(name, Native(name, member), origin=name)  # type: ignore[arg-type]
        if not self._late[1]:
            return None
        modules, extensions, libraries, self._late = tables(self._late)
        self._modules |= modules
        self._extensions |= extensions
        self._libraries |= libraries
        return self.find_spec(name)

    def _load(self, name: str) -> None:
        if name not in self._loaded:
            with Placed(name, self._libraries[name]) as path:
                load(path)
            self._loaded.add(name)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to importlib."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code."""
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102  # an importer's purpose

    def get_code(self, name: str) -> CodeType:
        """A module's code."""
        return marshal.loads(unpacked(self._modules[name][1]))  # type: ignore[no-any-return]  # noqa: S302  # nosec B302  # written by the build

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        """For `importlib.metadata`."""
        from vsphere_session_plugins import distributions  # type: ignore[import-not-found]  # noqa: PLC0415  # plugins.py

        return distributions(context)  # type: ignore[no-any-return]


class Native:
    """Loads an extension module."""

    def __init__(self, name: str, member: Member) -> None:
        self._name = name
        self._member = member

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Have the system load it. The interpreter looks at the specification for its place."""
        with Placed(self._name, self._member) as path:
            spec.origin = path
            return create_dynamic(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Initialize it."""
        exec_dynamic(module)


def tables(member: Member) -> Tables:
    """What is where."""
    return marshal.loads(unpacked(member))  # type: ignore[no-any-return]  # noqa: S302  # nosec B302  # written by the build


def unpacked(member: Member) -> memoryview:
    """The bytes of one member of the file."""
    offset, size, inflated, expected = member
    data: memoryview = image[offset : offset + size]
    if inflated:
        import zlib  # noqa: PLC0415  # itself in the file

        return memoryview(zlib.decompress(data, bufsize=inflated))
    if expected and checksum(data) != expected:
        raise _storage_error(f"{sys.executable} is damaged; get the file again")
    return data


class Placed:
    """A library where the system's loader takes it from, for as long as it does so: a file in memory, without a name.

    Where there are no such files, or no /proc to name them, it is a file in a temporary directory. Entering it gives
    the path, and raises StorageError.
    """

    count = 0

    def __init__(self, name: str, member: Member) -> None:
        self._name = name
        self._data = unpacked(member)
        self._file = -1
        self._path = ""

    def __enter__(self) -> str:
        try:
            try:
                path = self._in_memory()
            except OSError:
                path = self._in_a_directory()
            while self._data:
                self._data = self._data[os.write(self._file, self._data) :]
        except OSError as error:
            self.__exit__()
            reason = os.strerror(error.errno or 0)
            raise _storage_error(f"no room to load {self._name} ({reason}); free memory, or set TMPDIR") from None
        return path

    def _in_memory(self) -> str:
        self._file = _not_a_standard_stream(os.memfd_create(self._name))
        # The loader takes libraries of one path for one library, and numbers are used again.
        Placed.count += 1
        path = f"/proc/self{'/.' * Placed.count}/fd/{self._file}"
        if not os.path.exists(path):
            self.__exit__()
            raise FileNotFoundError(path)
        return path

    def _in_a_directory(self) -> str:
        error = OSError()
        for directory in (os.environ.get("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  # nosec B108  # a name of our own each time
            path = f"{directory}/vsphere-session-{os.getpid()}-{os.urandom(8).hex()}"
            try:
                self._file = _not_a_standard_stream(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o700))
            except OSError as refused:
                error = error if error.errno else refused  # the first says most
            else:
                self._path = path
                return path
        raise error

    def __exit__(self, *exception: object) -> None:
        path, self._path = self._path, ""
        file, self._file = self._file, -1
        if path:
            os.unlink(path)
        if file >= 0:
            os.close(file)


def _not_a_standard_stream(number: int) -> int:
    """The same file under a number above 2. One of those may be closed, which the program has yet to find out."""
    low = []
    while number <= 2:
        low.append(number)
        number = os.dup(number)
    for unwanted in low:
        os.close(unwanted)
    return number


def _storage_error(message: str) -> Exception:
    from vsphere_session.errors import StorageError  # noqa: PLC0415  # when it can be found

    return StorageError(message)


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
    sys.frozen = True  # type: ignore[attr-defined]  # as other makers of such files say it: `sys.executable` is the program
    status = 70
    try:
        from vsphere_session.cli.main import main  # noqa: PLC0415  # when it can be found

        main(handed_over())
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    except _storage_error("").__class__ as error:  # without the first library, there is nobody else to say it
        status = 9
        os.write(2, f"vsphere-session: {error}\n".encode())
        if "credential" not in sys.argv[0]:  # other protocols have nothing on stdout then
            os.write(1, f'{{"error": "storage", "message": "{error}"}}\n'.encode())
    os._exit(status)  # all is written, and taking an interpreter apart takes long


sys.meta_path.append(Modules(tables((*index, 0, 0))))
run()
