"""The single file: one executable that holds a Python and all modules, and unpacks nothing.

- `build.py` puts it together on this machine:
- `collect.spec` has PyInstaller find what `contents.py` names, and `parts.py` makes bytes of that;
- `compiler.py` makes the launcher of `launcher.c`: a Python within an executable;
- `archive.py` appends the rest to it;
- `start.py` is the first Python code that runs, and finds modules there; `plugins.py` knows the keyring's back-ends;
- `answer.c` answers a call that was answered before, under a name that `sha256.c` makes, without starting Python;
- `checksum.c` sums up the file and such an answer, as `archive.py` does.
"""
