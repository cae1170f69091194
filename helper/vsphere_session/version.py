"""The program's name and version, in one place; the build reads the version from here. On the fast path."""

PROGRAM = "vsphere-session"
__version__ = "0.1.0"
