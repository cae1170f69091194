"""The single file: PyInstaller's, with what makes it start fast.

- `build.py` runs PyInstaller on this machine, with
- `vsphere-session.spec`, which collects what `contents.py` names;
- `base_library.py` and `store.py` put what few answers need where it is not unpacked at every start;
- `start.py` is the first code that runs, and unpacks it when it is imported;
- `bootloader.py` lets the messages about the temporary directory say what to do.
"""
