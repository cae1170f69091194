"""The manual page, `vsphere-session.1`: the options and verbs are those of `--help`, the statuses those of the code."""

from __future__ import annotations

import re
import time

from packages.usage import NAMES, PROGRAM, VERSION, examples, forms, options, statuses, verbs

SUCCESS = {"0": "all is well"}
SIGNALS = {
    "130, 143": "SIGINT or SIGTERM came; a login under way was finished and cached, or ended",
    "141": "whoever was to read the answer had gone away",
}
ENVIRONMENT = {
    "GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD": "the endpoint and its login, as for govc; likewise the names of Terraform's provider "
    "(VSPHERE_SERVER, VSPHERE_USER, VSPHERE_PASSWORD) and of Ansible (VMWARE_HOST, VMWARE_USER, VMWARE_PASSWORD)",
    "GOVMOMI_HOME": "the directory of the sessions, in place of ~/.govmomi",
    "VSPHERE_SESSION_CONFIG": "another configuration file",
    "VSPHERE_SESSION_REMEMBER": "0: do not give an answer again without working it out",
    "XDG_CONFIG_HOME, XDG_STATE_HOME": "the directories of configuration and state",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "the way to the server",
    "SSL_CERT_FILE, SSL_CERT_DIR": "whom to trust, in place of the system's store",
}
FILES = {
    "~/.config/vsphere-session/config.toml": "the configuration",
    "~/.govmomi/sessions, ~/.govmomi/rest_sessions": "the sessions, which govc and Terraform's provider use, too",
    "~/.local/state/vsphere-session": "what has no place there: records, locks, refused logins, the file store",
}


def page(version: str = VERSION, seconds: int = 0) -> str:
    """The page's source, dated from `seconds` since 1970."""
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    lines = [
        f'.TH VSPHERE\\-SESSION 1 "{day}" "vsphere-session {version}" "User Commands"',
        ".SH NAME",
        f"{', '.join(map(_text, (PROGRAM, *NAMES)))} \\- a vSphere session for any program, from a shared cache",
        ".SH SYNOPSIS",
    ]
    for form in forms():
        lines += [f".B {_text(PROGRAM)}", _italics(form.call), ".br"]
    lines += [
        ".SH DESCRIPTION",
        "It reads",
        ".BR get ,",
        ".B store",
        "or",
        ".B erase",
        "with a JSON request on stdin and answers with the cached session if it still lives, else with a new one that the next "
        "caller will find. Its cache is govmomi's. Without a verb it reads JSON Lines, each with its",
        ".BR action .",
        "Under its further names it speaks the protocols of git, docker and Terraform's CLI.",
        ".SH COMMANDS",
        *_tagged({_bold(verb): text for verb, text in verbs().items()}),
        ".SH OPTIONS",
    ]
    for option in options():
        names = ", ".join(_bold(name) + (f" \\fI{option.value}\\fR" if option.value else "") for name in option.names)
        lines += _tagged({names: option.text})
    lines += [
        ".SH EXIT STATUS",
        *_tagged({_bold(status): text for status, text in (SUCCESS | statuses() | SIGNALS).items()}),
    ]
    lines += [".SH ENVIRONMENT", *_tagged({_bold(name): text for name, text in ENVIRONMENT.items()})]
    lines += [".SH FILES", *_tagged({f"\\fI{_text(name)}\\fR": text for name, text in FILES.items()})]
    lines += [".SH EXAMPLES", ".nf", *map(_line, examples()), ".fi"]
    lines += [".SH SEE ALSO", ".BR git\\-credential (1)", ""]
    return "\n".join(lines)


def _tagged(rows: dict[str, str]) -> list[str]:
    return [line for tag, text in rows.items() for line in (".TP", tag, _line(text))]


def _bold(text: str) -> str:
    return f"\\fB{_text(text)}\\fR"


def _italics(call: str) -> str:
    """A call with its placeholders in italics."""
    return re.sub(r"\b[A-Z]{2,}\b", lambda word: f"\\fI{word[0]}\\fR", _line(call))


def _line(text: str) -> str:
    """Text that may begin a line, where a full stop or a quote would be a command."""
    return re.sub(r"^([.'])", r"\\&\1", _text(text))


def _text(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("…", "...")
