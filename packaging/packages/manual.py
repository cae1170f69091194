"""The first manual page, `vsphere-session.1`: the options and verbs are those of `--help`, the statuses those of the code."""

from __future__ import annotations

from packages import roff
from packages.usage import COMMANDS, HELP, NAMES, PROGRAM, VERSION, statuses

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
    "VSPHERE_SESSION_FLEET": "the engine over which many machines share sessions; empty or off: none",
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
    lines = [
        roff.head(PROGRAM, version, seconds),
        ".SH NAME",
        f"{', '.join(map(roff.text, (PROGRAM, *NAMES)))} \\- a vSphere session for any program, from a shared cache",
        ".SH SYNOPSIS",
    ]
    for form in HELP.forms():
        lines += [f".B {roff.text(PROGRAM)}", roff.call(form.call), ".br"]
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
        *roff.tagged((roff.bold(verb), text) for verb, text in HELP.verbs().items()),
        ".SH OPTIONS",
    ]
    for option in HELP.options():
        names = [roff.bold(name) + (f" {roff.italic(option.value)}" if option.value else "") for name in option.names]
        lines += roff.tagged([(", ".join(names), option.text)])
    for title, rows in (("EXIT STATUS", SUCCESS | statuses() | SIGNALS), ("ENVIRONMENT", ENVIRONMENT)):
        lines += [f".SH {title}", *roff.tagged((roff.bold(name), text) for name, text in rows.items())]
    lines += [".SH FILES", *roff.tagged((roff.italic(name), text) for name, text in FILES.items())]
    lines += [".SH EXAMPLES", *roff.literal(HELP.examples())]
    others = [f"{PROGRAM}-{name}" for name in COMMANDS]
    lines += [".SH SEE ALSO", *(f".BR {roff.text(name)} (1)," for name in others), ".BR git\\-credential (1)", ""]
    return "\n".join(lines)
