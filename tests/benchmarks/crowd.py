"""A home directory with many cached sessions and many configured endpoints, beside one with one of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.programs import Bench, Helper
from benchmarks.timing import Command, medians, seconds

MANY = 10_000
CONFIG = ".config/vsphere-session/config.toml"
DIRECTORIES = (".govmomi/sessions", ".govmomi/rest_sessions", ".local/state/vsphere-session/records")


class Crowd:
    """The same program in both, once for each way to run it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._ways = {
            way: (self._home(way, helper.program, 1), self._home(way, helper.program, MANY))
            for way, helper in bench.helpers.items()
        }

    def measure(self, rounds: int) -> dict[str, tuple[float, float]]:
        """Seconds for one, and for many, by way of running the helper."""
        measures = {
            f"{way} {number}": lambda home=home, way=way: self._measure(home, way)
            for way, homes in self._ways.items()
            for number, home in zip(("one", "many"), homes, strict=True)
        }
        found = medians(measures, rounds, self._refresh)
        return {way: (found[f"{way} one"], found[f"{way} many"]) for way in self._ways}

    def _measure(self, home: Helper, way: str) -> float:
        if way == "Python":
            home.forget()
        return seconds(self._get(home))

    def _refresh(self) -> None:
        for homes in self._ways.values():
            for home in homes:
                home.refresh(self._get(home))

    def _get(self, home: Helper) -> Command:
        """The request says where, and the configuration the rest."""
        command, _, environment = home.get()
        return command, f'{{"url": "{self._bench.vcsim.authority}"}}'.encode(), environment

    def _home(self, way: str, program: Path, number: int) -> Helper:
        home = Helper(self._bench.vcsim, program, self._bench.new_home(way))
        home.log_in()
        config = home.home / CONFIG
        config.parent.mkdir(parents=True)
        config.write_text("\n".join(self._endpoints(number)), encoding="utf-8")
        for directory in DIRECTORIES:
            fill(home.home / directory, number)
        return home

    def _endpoints(self, number: int) -> Iterator[str]:
        user, ca_file = self._bench.vcsim.user, self._bench.vcsim.ca_file
        for place in (*(f"vc{each:05}.example.com" for each in range(1, number)), self._bench.vcsim.authority):
            yield f'[endpoint."{place}"]\nusername = "{user}"\nca_file = "{ca_file}"\n'


def fill(directory: Path, number: int) -> None:
    """Put copies of its one file into a directory until it has so many, with names such as cache files have."""
    (path,) = directory.iterdir()
    data = path.read_bytes()
    for each in range(1, number):
        other = directory / hashlib.sha256(str(each).encode()).hexdigest()[: len(path.name)]
        other.write_bytes(data)
        other.chmod(0o600)
