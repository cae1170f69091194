"""In place of `redis.observability.recorder`: it is told what happens, and records nothing, as the library's own without OpenTelemetry."""

from __future__ import annotations


def _nothing(*_arguments: object, **_options: object) -> None:
    """Nobody is told."""


init_connection_count = init_csc_items = _nothing
record_connection_closed = record_connection_count = record_connection_create_time = _nothing
record_connection_handoff = record_connection_relaxed_timeout = record_connection_wait_time = _nothing
record_csc_eviction = record_csc_network_saved = record_csc_request = _nothing
record_error_count = record_maint_notification_count = _nothing
register_csc_items_callback = register_pools_connection_count = _nothing
