"""The wire protocols of credential helpers, as pure functions over bytes.

A caller's bytes become a `Request`; the helper's `Answer` or `Failure` becomes bytes again.
Nothing here knows what the credential is for, reads the environment, opens a file or prints.
"""

from credential_protocol.messages import KINDS, Answer, Failure, Output, Request

__all__ = ["KINDS", "Answer", "Failure", "Output", "Request"]
