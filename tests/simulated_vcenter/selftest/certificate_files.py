"""Files that a client reads: certificate and key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulated_vcenter.keys import KeyPair


@dataclass(frozen=True)
class Files:
    """The two files of a key pair."""

    certificate: str
    key: str

    @property
    def for_govc(self) -> dict[str, str]:
        """The variables by which govc takes them."""
        return {"GOVC_CERTIFICATE": self.certificate, "GOVC_PRIVATE_KEY": self.key}


def written(pair: KeyPair, directory: Path, name: str = "robot") -> Files:
    """Write both files of a pair."""
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    certificate.write_text(pair.certificate_pem)
    key.write_text(pair.key_pem)
    key.chmod(0o600)
    return Files(str(certificate), str(key))
