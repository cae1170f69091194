"""What goes into the single file, and what of it is unpacked at every start."""

from __future__ import annotations

import re
import sys

# Our own code imports these, but not in this executable: the Python API hands out a ServiceInstance and a
# requests.Session, and only other platforms than Linux need a library to say where files live.
OF_OTHERS = ["vsphere_session.handover", "pyVmomi", "pyVim", "requests"]
# What libraries can use and do not use here, and the codecs for Chinese, Japanese and Korean.
UNUSED = [
    "_pydecimal", "argparse", "asyncio", "bz2", "certifi", "charset_normalizer", "curses", "decimal", "doctest",
    "email._header_value_parser", "email.contentmanager", "email.headerregistry", "email.policy", "fractions",
    "ftplib", "getopt", "gettext", "http.cookiejar", "idna", "lzma", "multiprocessing", "pdb", "pickle",
    "pkg_resources", "pydoc", "readline", "setuptools", "sqlite3", "statistics", "tarfile", "tkinter",
    "typing_extensions", "unittest", "urllib3", "xml.sax", "xmlrpc",
    "_multibytecodec", *(f"_codecs_{name}" for name in ("cn", "hk", "iso2022", "jp", "kr", "tw")),
]  # fmt: skip
if sys.platform == "linux":
    OF_OTHERS += ["platformdirs"]
    # PyInstaller imports ctypes at every start if it is there.
    UNUSED += ["_ctypes", "ctypes", "truststore._macos", "truststore._windows"]

HIDDEN = ["keyring.backends.chainer", "keyring.backends.fail", "vsphere_session_build"]

# Run-time hooks import what they change: `inspect` alone takes longer than a warm answer. Nothing here looks for its
# own source or lists packages, and the OpenSSL within `cryptography` has no modules to load.
NO_HOOKS = ("pyi_rth_inspect", "pyi_rth_pkgutil", "pyi_rth_cryptography_openssl")

# What a warm answer imports; a test holds it to this list.
EARLY = re.compile(r"libpython|/(_json|_sha2|_sha256|_struct|fcntl|zlib)\.")

# What the way to a server needs is stored as it is, the rest compressed: 30 ms for 6 MB.
STORED = re.compile(r"libcrypto|libssl|/(_blake2|_datetime|_hashlib|_socket|_ssl|array|binascii|math|pyexpat|select)\.")

# The bootloader itself has loaded the system's, and would have to run from a copy in the temporary directory.
NOT_BUNDLED = re.compile(r"libz\.so")

# Python needs these before anything else can be imported; with UTF-8 mode (see the spec) no locale asks for others.
FIRST_CODECS = {"__init__", "aliases", "ascii", "latin_1", "utf_8"}
CODECS = {"charmap", "cp437", "idna", "punycode", "raw_unicode_escape", "unicode_escape", "utf_16", "utf_16_be",
          "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_8_sig"}  # fmt: skip
