"""The single file: one executable that holds a Python and all modules, and unpacks nothing.

- `build.py` puts it together on this machine:
- `collect.py` finds what `contents.py` names, and makes bytes of it; `collect.spec` has PyInstaller find it for `plain`;
- `compiler.py` makes the launcher of `launcher.c` and `interpreter.c`, a Python within an executable, as `layout.ld` has it;
- `archive.py` appends the rest to it;
- `start.py` is the first Python code that runs, and finds modules there; `plugins.py` knows the keyring's back-ends;
- `answer.c` answers a call that was answered before, under a name that `sha256.c` makes, without starting Python;
- `sbom.py` writes down what is inside, `notice.py` under which licences, both as `components.py` knows it;
- `checksum.c` sums up the file and such an answer, as `archive.py` does.
"""
