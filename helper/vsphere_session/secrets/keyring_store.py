"""The platform's keyring: Secret Service, macOS Keychain, Windows Credential Manager, by the library `keyring`."""

from __future__ import annotations

import threading

from vsphere_session.errors import BusyError, StorageError, UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Deadline

SERVICE = "vsphere-session"
_WINDOWS_LIMIT = 1280
_CHOOSE = 'choose the file store: --secret-store file, or secret_store = "file" in the configuration'


class KeyringStore:
    """Every call runs beside the main thread and ends at the deadline: a keyring may wait for a bus or a prompt for ever.

    `instead` is what errors tell the user to do on a host without one.
    """

    def __init__(self, deadline: Deadline, *, instead: str = _CHOOSE) -> None:
        self._deadline = deadline
        self._instead = instead

    @property
    def where(self) -> str:
        """A sentence that says where the secrets are and why there."""
        return (
            f"in the platform's keyring ({self._ask(lambda keyring: keyring.get_keyring().name)}), which is the default"
        )

    def get(self, place: str, username: str) -> str | None:
        """The password; None if there is none."""
        found = self._ask(lambda keyring: keyring.get_password(_label(place), username))
        return None if found is None else str(found)

    def set(self, place: str, username: str, password: str) -> None:
        """Keep the password."""
        if _is_windows() and len(password) > _WINDOWS_LIMIT:
            raise UnsupportedError(f"Windows keeps no secret of more than {_WINDOWS_LIMIT} characters; {self._instead}")
        self._ask(lambda keyring: keyring.set_password(_label(place), username, password))

    def delete(self, place: str, username: str) -> bool:
        """Forget the password; False if there was none."""
        if self.get(place, username) is None:
            return False
        self._ask(lambda keyring: keyring.delete_password(_label(place), username))
        return True

    def _ask(self, question: Callable[..., object]) -> object:
        answers: list[object] = []

        def run() -> None:
            try:
                answers.append(_ask_now(question, self._instead))
            except Exception as error:  # noqa: BLE001  # raised where the caller waits
                answers.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, self._deadline.remaining()))
        if not answers:
            raise BusyError(
                f"the platform's keyring did not answer within {self._deadline.seconds:g} s; unlock it, or {self._instead}"
            )
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]


def _ask_now(question: Callable[..., object], instead: str) -> object:
    try:
        import keyring  # noqa: PLC0415  # may take seconds: in the thread; and loads the back-end that its configuration names
        from keyring.errors import InitError, KeyringLocked, NoKeyringError  # noqa: PLC0415
    except Exception as error:  # noqa: BLE001  # whatever that back-end's own import raises
        raise _failed(error, instead) from None
    try:
        return question(keyring)
    except (NoKeyringError, InitError):
        raise UnsupportedError(f"there is no keyring on this host; {instead}") from None
    except KeyringLocked:
        raise StorageError(f"the platform's keyring is locked; unlock it, or {instead}") from None
    except Exception as error:  # noqa: BLE001  # back-ends raise what their platform raises
        raise _failed(error, instead) from None


def _failed(error: Exception, instead: str) -> StorageError:
    """Without the error's text, which may hold the secret."""
    return StorageError(
        f"the platform's keyring failed ({type(error).__name__}); see python -m keyring diagnose, or {instead}"
    )


def _label(place: str) -> str:
    return f"{SERVICE}:{place}"


def _is_windows() -> bool:
    import sys  # noqa: PLC0415

    return sys.platform == "win32"
