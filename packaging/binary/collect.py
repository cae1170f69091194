"""Finds what belongs into the single file, and compiles it: run by the very Python that the file is made of.

``python collect.py FILE LAUNCHER DIRECTORY ...``: modules are looked for in the directories, then in the standard
library. FILE becomes the launcher with all of them behind it; if it is `-`, their names are printed.

`modulefinder` follows every import that stands in the code, as PyInstaller does, which itself can't run here: it needs
ctypes. A test holds what is found to PyInstaller's analysis.
"""

from __future__ import annotations

import ast
import modulefinder
import sys
from collections.abc import Iterator
from importlib.machinery import FrozenImporter, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from binary import contents  # noqa: E402  # when it can be found
from binary.archive import FIRST, Contents, Module, Writer  # noqa: E402  # likewise

_WITH_DOCSTRINGS = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)


def wanted() -> list[str]:
    """The modules that the others are found from: the program, and what is imported by its name alone."""
    from credential_protocol.dialects import DIALECTS  # noqa: PLC0415  # when it can be found
    from vsphere_session.commands.program import COMMANDS  # noqa: PLC0415  # likewise

    return [
        *contents.HIDDEN,
        *contents.KEYRING_BACKENDS,
        *(f"credential_protocol.{row.module}" for row in DIALECTS.values()),
        *(f"vsphere_session.commands.{name}" for name in COMMANDS),
        *(f"encodings.{codec}" for codec in sorted(contents.CODECS)),
        "encodings.aliases",
        "cryptography",
        "vsphere_session_importers",
        "vsphere_session_plugins",
        "vsphere_session_start",
    ]


def collected(path: list[str]) -> dict[str, Path]:
    """Where the source of each module is, by the modules' names. Those that the interpreter itself has are not there."""
    finder = modulefinder.ModuleFinder(
        path, excludes=[*contents.OF_OTHERS, *contents.OF_CRYPTOGRAPHY, *contents.BEHIND_STAND_INS, *contents.UNUSED]
    )
    for name in wanted():
        finder.import_hook(name)
    found = {name: getattr(module, "__file__", None) for name, module in sorted(finder.modules.items())}
    return {name: Path(file) for name, file in found.items() if file and not FrozenImporter.find_spec(name)}


def order_of_imports(early: set[str]) -> list[str]:
    """The modules that every answer needs, each after those that it imports: they are imported, and tell when they are done."""
    done: list[str] = []

    class Loader(SourceFileLoader):
        def exec_module(self, module: ModuleType) -> None:
            super().exec_module(module)
            done.append(module.__name__)

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            for finder in sys.meta_path[1:]:
                spec = finder.find_spec(name, path, target)  # type: ignore[arg-type]
                if spec and isinstance(spec.loader, SourceFileLoader):
                    spec.loader = Loader(name, spec.loader.path)
                    return spec
            return None

    sys.meta_path.insert(0, Finder)
    for name in sorted(early):
        __import__(name)
    return [name for name in done if name in early]


def compiled(name: str, source: Path) -> Module:
    """A module's code, which names its place in the program and not on this machine.

    Docstrings are left out, which nobody reads there; but for those of classes: dataclasses make up one that is missing.
    """
    is_package = source.name == "__init__.py"
    shown = f"{name.replace('.', '/')}{'/__init__' if is_package else ''}.py"
    tree = ast.parse(source.read_bytes())
    if name == "encodings.aliases":
        _leave_out_missing_codecs(tree)
    for node in _with_docstrings(tree):
        node.body[:1] = [] if node.body[1:] else [ast.copy_location(ast.Pass(), node.body[0])]
    code: CodeType = compile(tree, shown, "exec", dont_inherit=True)
    return name, is_package, code


def _leave_out_missing_codecs(tree: ast.Module) -> None:
    """Leave only the other names of codecs that are in the file: the table of all takes long to make, at each start."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            kept = [
                row for row in zip(node.keys, node.values, strict=True) if ast.literal_eval(row[1]) in contents.CODECS
            ]
            node.keys, node.values = [key for key, _ in kept], [value for _, value in kept]


def _with_docstrings(tree: ast.Module) -> Iterator[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRINGS) and ast.get_docstring(node, clean=False) is not None:
            yield node


def main(file: str, launcher: str, *path: str) -> None:
    """Write FILE."""
    sys.path[:0] = path
    early = order_of_imports(contents.EARLY)  # before anything here imports one of them
    sources = collected(sys.path)
    if file == "-":
        sys.stdout.write("".join(f"{name}\n" for name in sources))
        return
    modules = {name: compiled(name, source) for name, source in sources.items()}
    special = {*FIRST, *contents.EARLY, *contents.ASKING, *contents.LOGGING_IN}
    Writer(Path(launcher)).write(
        Path(file),
        Contents(
            first=[modules[name] for name in FIRST],
            early=[modules[name] for name in early],
            bundles=[[modules[name] for name in sorted(names)] for names in (contents.ASKING, contents.LOGGING_IN)],
            late=[module for name, module in modules.items() if name not in special],
        ),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
