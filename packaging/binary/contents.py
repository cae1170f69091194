"""What goes into the single file, and how it is kept there."""

from __future__ import annotations

import sys

# Our own code imports these, but not in this executable: the Python API hands out a requests.Session, and only other
# platforms than Linux need libraries to say where files live and whom to trust.
OF_OTHERS = [
    "vsphere_session.cache.endpoint_auth", "vsphere_session.cache.requests_session", "vsphere_session.library",
    "vsphere_session.login.ways", "requests",
]  # fmt: skip
# The static file has OpenSSL linked in, and a module over it in place of the package `cryptography`.
OF_CRYPTOGRAPHY = ["vsphere_session.crypto.of_cryptography"]
# What stand_ins leave nobody who needs it in the static file, and what `redis` has for other clients than a connection alone.
BEHIND_STAND_INS = [
    "hiredis", "jwt", "opentelemetry", "tarfile",
    *(f"redis.{name}" for name in ("asyncio", "client", "cluster", "commands", "multidb", "sentinel")),
]  # fmt: skip
# What libraries can use and do not use here, and the codecs for Chinese, Japanese and Korean.
UNUSED = [
    "IPython", "OpenSSL", "argparse", "attr", "bz2", "certifi", "charset_normalizer", "curses", "doctest",
    "email._header_value_parser", "email.contentmanager", "email.headerregistry", "email.policy",
    "ftplib", "getopt", "http.cookiejar", "idna", "ipywidgets", "lzma", "multiprocessing", "pdb",
    "pkg_resources", "pyVim.sso", "pydoc", "readline", "redis.ocsp", "setuptools", "sqlite3", "statistics", "tkinter",
    "typing_extensions", "unittest", "urllib3", "xml.sax", "xmlrpc",
    "_multibytecodec", *(f"_codecs_{name}" for name in ("cn", "hk", "iso2022", "jp", "kr", "tw")),
    *(f"pyVmomi._typeinfo_{name}" for name in ("eam", "pbm", "sms", "vslm", "vsanhealth")),
    *(f"rich.{name}" for name in ("__main__", "_inspect", "json", "markdown", "syntax", "traceback")),
]  # fmt: skip
if sys.platform == "linux":
    OF_OTHERS += ["platformdirs", "truststore"]
    UNUSED += ["_ctypes", "click._winconsole", "ctypes", "rich._win32_console", "rich._windows_renderer"]
# The distributions whose modules are in the file, as far as no other list has it: what commands for people show and write with,
# pyVmomi for the server's list of sessions, what `keyring` needs on Linux, and what speaks to a fleet's engine.
BUNDLED = (
    "click",
    "keyring",
    "jaraco.classes",
    "jaraco.functools",
    "jeepney",
    "pyvmomi",
    "redis",
    "rich",
    "SecretStorage",
    "tomlkit",
)
# Of these, what a library imports together with itself, as far as PyInstaller can see, and why it does not.
NOT_REACHED = {
    ("OpenSSL", "redis.client"): "for type checkers",
    ("argparse", "rich.default_styles"): "where that module is run by itself",
    ("click._winconsole", "click._compat"): "on Windows only",
    ("ctypes", "keyring.backends.macOS.api"): "on macOS only, and missed there by nobody but that back-end",
    ("email.policy", "importlib_metadata._adapters"): "imported later, by who reads a package's description",
    ("rich.__main__", "rich.pager"): "where that module is run by itself",
    **{("rich.syntax", f"rich.{name}"): "where that module is run by itself" for name in ("live", "segment")},
    **{
        ("typing_extensions", library): "for type checkers, or for an older Python"
        for library in (
            *(f"click.{name}" for name in ("core", "decorators", "shell_completion", "types", "utils")),
            *("jaraco.classes.properties", "jaraco.context", "rich.live"),
        )
    },
}
if sys.version_info < (3, 12):
    UNUSED.append("tarfile")
    NOT_REACHED["tarfile", "jaraco.context"] = "from Python 3.12 on"

# What `keyring` looks for by the names of its plug-ins, and for some finds out that they are for another system.
KEYRING_BACKENDS = [
    f"keyring.backends.{name}" for name in ("SecretService", "Windows", "kwallet", "libsecret", "macOS", "null")
]
HIDDEN = [
    "keyring.backends.chainer",
    "keyring.backends.fail",
    "vsphere_session.fleet.of_redis",
    "rich._unicode_data.unicode17-0-0",  # the newest, and the only one that stand_ins/unicode_versions.py names
    "vsphere_session.cli.main",
    "vsphere_session_build",
]

# The codecs that are enough here: with UTF-8 mode no locale asks for others.
CODECS = {"ascii", "charmap", "cp437", "idna", "latin_1", "punycode", "raw_unicode_escape", "unicode_escape", "utf_8",
          "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_8_sig"}  # fmt: skip

# What of this project a warm `get` imports; tests/fastpath/test_warm_path.py holds it to these lists. A module more here is
# slower for every caller: it needs a reason.
WARM = {
    "credential_protocol", *(f"credential_protocol.{name}" for name in ("dialects", "jsontext", "messages", "native")),
    "vsphere_session",
    "vsphere_session.cache",
    "vsphere_session.cache.clients",
    "vsphere_session.cache.connector",
    "vsphere_session.cache.govmomi_format",
    "vsphere_session.cache.policy",
    "vsphere_session.cache.principal",
    "vsphere_session.cache.record",
    "vsphere_session.cache.repository",
    "vsphere_session.cache.session",
    "vsphere_session.cache.surroundings",
    "vsphere_session.cache.validation",
    "vsphere_session.cli",
    "vsphere_session.cli.arguments",
    "vsphere_session.cli.core_dumps",
    "vsphere_session.cli.main",
    "vsphere_session.cli.native",
    "vsphere_session.cli.signals",
    "vsphere_session.cli.streams",
    "vsphere_session.clock",
    "vsphere_session.digest",
    "vsphere_session.endpoint",
    "vsphere_session.errors",
    "vsphere_session.service",
    "vsphere_session.service.call",
    "vsphere_session.service.resolved",
    "vsphere_session.service.verbs",
    "vsphere_session.settings",
    "vsphere_session.settings.config_file",
    "vsphere_session.settings.environment",
    "vsphere_session.settings.login_fields",
    "vsphere_session.settings.request",
    "vsphere_session.storage",
    "vsphere_session.storage.files",
    "vsphere_session.storage.lock",
    "vsphere_session.storage.paths",
    "vsphere_session.storage.reading",
    "vsphere_session.version",
    "vsphere_session.vsphere",
    "vsphere_session.vsphere.service_content",
    "vsphere_session.vsphere.session_id",
}  # fmt: skip

# What asking a server imports beyond that.
ASKING = {
    "vsphere_session.http",
    "vsphere_session.http.authorities",
    "vsphere_session.http.connection",
    "vsphere_session.http.limits",
    "vsphere_session.http.proxy",
    "vsphere_session.http.response",
    "vsphere_session.http.sockets",
    "vsphere_session.http.thumbprint",
    "vsphere_session.http.tls",
    "vsphere_session.http.transport",
    "vsphere_session.http.trust",
    "vsphere_session.http.user_agent",
    "vsphere_session.vsphere.dates",
    "vsphere_session.vsphere.faults",
    "vsphere_session.vsphere.identity",
    "vsphere_session.vsphere.rest",
    "vsphere_session.vsphere.soap",
    "vsphere_session.vsphere.xml",
}  # fmt: skip

# What logging in imports beyond that.
LOGIN = {
    "vsphere_session.back_off",
    "vsphere_session.cache.authenticator",
    "vsphere_session.cache.changes",
    "vsphere_session.cache.ending",
    "vsphere_session.cache.methods",
    "vsphere_session.cache.renewal",
    "vsphere_session.cache.unshared",
    "vsphere_session.login",
    "vsphere_session.login.account",
    "vsphere_session.login.custom",
    "vsphere_session.login.method",
    "vsphere_session.login.password",
    "vsphere_session.login.refusals",
    "vsphere_session.login.turn",
    "vsphere_session.storage.shared_lock",
}  # fmt: skip

# What the single file keeps together: those, and what it alone has use for, or where passwords are.
EARLY = WARM | {f"vsphere_session.{name}" for name in ("fastpath", "fastpath.launcher", "fastpath.remembered")}
LOGGING_IN = LOGIN | {f"vsphere_session.{name}" for name in ("secrets", "secrets.index", "secrets.logins")}
