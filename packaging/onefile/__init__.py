"""The single file: PyInstaller's, with what makes it start fast.

build.py               runs PyInstaller, here, with
vsphere-session.spec   which collects what contents.py names,
store.py               puts what few answers need where it is unpacked only when it is imported, by
start.py               the first code that runs;
bootloader.py          lets the messages about the temporary directory say what to do.
"""
