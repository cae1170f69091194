"""In place of the importers that look into directories and archives, until one of them is asked for.

The interpreter installs them whenever it starts, and nearly no answer needs them: all modules are in the file. What is here
becomes CPython's own module `_frozen_importlib_external`, with its code run in this very namespace, when anything of it is
used, or when a place is to be looked into.
"""

from __future__ import annotations

import _frozen_importlib
import _imp
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any


class _Places:
    """Stands in `sys.meta_path` for PathFinder, and in `sys.path_hooks` for those who know directories and archives."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if not (sys.path if path is None else path):
            return None
        return _become_real()["PathFinder"].find_spec(name, path, target)  # type: ignore[no-any-return]

    def __call__(self, place: str) -> object:
        _become_real()
        for hook in sys.path_hooks:
            try:
                return hook(place)
            except ImportError:
                continue
        raise ImportError(place)

    def __getattr__(self, name: str) -> Any:
        return getattr(_become_real()["PathFinder"], name)


_places = _Places()


def _install(_: object) -> None:
    """What the interpreter calls when it starts."""
    sys.meta_path.append(_places)
    sys.path_hooks.append(_places)  # type: ignore[arg-type]  # in all that importlib asks of one


def __getattr__(name: str) -> Any:
    try:
        return _become_real()[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def _become_real() -> dict[str, Any]:
    """Run the code of CPython's module here, once, and put what it has where the stand-in was."""
    here = globals()
    _imp.acquire_lock()
    try:
        if "PathFinder" not in here:
            exec(_imp.get_frozen_object("_frozen_importlib_external"), here)  # noqa: S102  # CPython's own
            here["_set_bootstrap_module"](_frozen_importlib)
            hook = here["FileFinder"].path_hook(*here["_get_supported_file_loaders"]())
            _replace(sys.meta_path, here["PathFinder"])
            _replace(sys.path_hooks, _archive, hook)
    finally:
        _imp.release_lock()
    return here


def _archive(place: str) -> object:
    """As the class itself, which is in `sys.path_hooks` otherwise, without its import."""
    from zipimport import zipimporter  # noqa: PLC0415  # see above

    return zipimporter(place)


def _replace(found: list[Any], *real: object) -> None:
    if _places in found:
        at = found.index(_places)
        found[at : at + 1] = real
