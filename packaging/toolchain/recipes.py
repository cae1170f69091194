"""How each source becomes libraries in a directory that looks like /usr: the steps, and what is left out, with reasons."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common import progress
from toolchain.sources import source
from toolchain.zig import OPTIMIZED, Compiler

Run = Callable[..., None]
"""run(directory, *command, **environment): run a program there, in the compiler's environment."""

# What OpenSSL can do beside TLS 1.2 and 1.3 with the ciphers of servers, signatures, AES and keys in PEM.
OPENSSL_LEFT_OUT = (
    *("shared", "module", "dso", "engine", "legacy"),  # nothing is loaded while the program runs
    *("tests", "docs", "apps"),  # of no use in a library
    *(
        "async",
        "ui-console",
        "secure-memory",
    ),  # questions on a terminal are the program's own; core files are forbidden
    *("dtls", "quic", "sctp", "srp", "ssl3", "weak-ssl-ciphers", "comp"),  # what no vCenter speaks, or nobody should
    *("cms", "ts", "cmp"),  # formats of mails, time stamps and certificate requests
    *("idea", "seed", "camellia", "aria", "sm2", "sm3", "sm4", "bf", "cast", "rc2", "rc4"),  # ciphers that no TLS 1.2
    *("mdc2", "md4", "rmd160", "whirlpool", "gost", "siphash"),  # and hashes that no certificate of today has
    *("ml-dsa", "slh-dsa"),  # signatures that no certificate has yet
)
# Extension modules that nothing imports, or only what is left out of the program itself: see binary/contents.py.
PYTHON_LEFT_OUT = (
    *("_ctypes", "_bz2", "_lzma", "_dbm", "_gdbm", "_sqlite3", "_uuid", "readline"),  # need libraries of their own
    *("_curses", "_curses_panel", "_tkinter"),  # screens
    *("_codecs_cn", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw", "_multibytecodec"),
    *("_asyncio", "_multiprocessing", "_posixshmem", "_interpreters", "_interpchannels", "_interpqueues"),
    *("_decimal", "cmath", "_statistics", "_zoneinfo", "_elementtree", "_pickle", "mmap", "syslog", "_lsprof"),
    *("_ctypes_test", "_testbuffer", "_testcapi", "_testclinic", "_testclinic_limited", "_testexternalinspection"),
    *("_testimportmultiple", "_testinternalcapi", "_testlimitedcapi", "_testmultiphase", "_testsinglephase"),
    *("_xxtestfuzz", "xxlimited", "xxlimited_35", "xxsubtype"),
)
ZLIB = [
    "adler32",
    "crc32",
    "deflate",
    "infback",
    "inffast",
    "inflate",
    "inftrees",
    "trees",
    "zutil",
    "compress",
    "uncompr",
]
EXPAT = ["xmlparse", "xmlrole", "xmltok", "random_getrandom", "random_dev_urandom"]
EXPAT_CONFIGURED = {"BYTEORDER": 1234, "XML_CONTEXT_BYTES": 1024} | dict.fromkeys(
    (
        "XML_GE",
        "XML_NS",
        "XML_DTD",
        "XML_DEV_URANDOM",
        "HAVE_GETRANDOM",
        "HAVE_UNISTD_H",
        "HAVE_FCNTL_H",
        "HAVE_STDINT_H",
    ),
    1,
)


@dataclass(frozen=True)
class Place:
    """Where the libraries of one target are made, and with what."""

    work: Path
    compiler: Compiler
    run: Run

    @property
    def lib(self) -> Path:
        """Where libraries go."""
        return self.work / "usr" / "lib"

    @property
    def include(self) -> Path:
        """Where headers go."""
        return self.work / "usr" / "include"


def make(place: Place, native: Path | None) -> None:
    """All of them, each after those that it needs. `native` is as in `python`."""
    steps: dict[str, Callable[[Place], None]] = {
        "openssl": openssl,
        "zlib": zlib,
        "expat": expat,
        "cpython": partial(python, native=native),
    }
    for name, step in steps.items():
        progress(f"building {name} {source(name).version} for {place.compiler.target.arch}")
        step(place)


def openssl(place: Place) -> None:
    """libssl.a and libcrypto.a."""
    tree = source("openssl").unpack(place.work)
    without = [f"no-{feature}" for feature in OPENSSL_LEFT_OUT]
    where = ("--prefix=/usr", "--libdir=lib", "--openssldir=/etc/ssl")
    place.run(tree, "perl", "Configure", place.compiler.target.openssl, *where, *without)
    place.run(tree, "make", f"-j{os.cpu_count()}", "build_libs")
    place.run(tree, "make", "install_dev", f"DESTDIR={place.work}")


def zlib(place: Place) -> None:
    """libz.a."""
    tree = source("zlib").unpack(place.work)
    _archive(place, tree, ZLIB, "libz.a", "-DHAVE_UNISTD_H", "-DHAVE_STDARG_H")
    _headers(place, tree, "zlib.h", "zconf.h")


def expat(place: Place) -> None:
    """libexpat.a."""
    tree = source("expat").unpack(place.work) / "expat" / "lib"
    lines = [f"#define {name} {value}\n" for name, value in EXPAT_CONFIGURED.items()]
    (tree / "expat_config.h").write_text("".join(lines), encoding="ascii")
    _archive(place, tree, EXPAT, "libexpat.a")
    _headers(place, tree, "expat_config.h", "expat.h", "expat_external.h")


def python(place: Place, native: Path | None) -> None:
    """libpython.a with all extension modules; and for the machine that builds, the interpreter, which is `native` then.

    For another target `native` is that interpreter, of the same version.
    """
    tree = source("cpython").unpack(place.work)
    usr = place.work / "usr"
    place.run(
        tree,
        "./configure",
        *(
            "--prefix=/usr",
            "--disable-shared",
            "--with-ensurepip=no",
            "--disable-test-modules",
            "--without-doc-strings",
        ),
        *(
            "--without-readline",
            "--without-mimalloc",
            "--with-pkg-config=no",
            f"--with-openssl={usr}",
            "--with-system-expat",
        ),
        *("MODULE_BUILDTYPE=static", "OPT=-DNDEBUG", "LINKFORSHARED= ", f"LDFLAGS=-static -L{place.lib}"),
        *(f"LIBEXPAT_CFLAGS=-I{place.include}", f"LIBEXPAT_LDFLAGS=-L{place.lib} -lexpat"),
        *(f"ZLIB_CFLAGS=-I{place.include}", f"ZLIB_LIBS=-L{place.lib} -lz"),
        *_for_another_machine(place, native),
        *(f"py_cv_module_{name}=n/a" for name in PYTHON_LEFT_OUT),
    )
    wanted = ["libpython3.13.a", "Modules/_hacl/libHacl_Hash_SHA2.a"] + ([] if native else ["python"])
    place.run(tree, "make", f"-j{os.cpu_count()}", *wanted)
    for name in wanted[:2]:
        shutil.copy(tree / name, place.lib)
    shutil.copytree(tree / "Include", place.include / "python")
    shutil.copy(tree / "pyconfig.h", place.include / "python")
    if not native:
        home = place.work / "python"
        shutil.copytree(tree / "Lib", home / "lib" / "python3.13")
        (home / "lib" / "python3.13" / "lib-dynload").mkdir()
        (home / "bin").mkdir()
        shutil.copy(tree / "python", home / "bin" / "python3.13")


def _for_another_machine(place: Place, native: Path | None) -> list[str]:
    """What configure cannot find out by running something."""
    if not native:
        return [f"--build={place.compiler.target.triple}"]
    return [
        f"--host={place.compiler.target.triple}",
        "--build=x86_64-pc-linux-gnu",
        f"--with-build-python={native}",
        *("ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no", "ac_cv_buggy_getaddrinfo=no"),
    ]


def _archive(place: Place, tree: Path, names: list[str], library: str, *flags: str) -> None:
    place.lib.mkdir(parents=True, exist_ok=True)
    for name in names:
        place.run(tree, "cc", *OPTIMIZED, *flags, "-I.", "-c", f"{name}.c", "-o", f"{name}.o")
    place.run(tree, "ar", "rcs", place.lib / library, *(f"{name}.o" for name in names))


def _headers(place: Place, tree: Path, *names: str) -> None:
    place.include.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(tree / name, place.include)
