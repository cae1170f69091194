"""`get`, `store` and `erase`, the protocols with one secret, and what surrounds a call.

Streams, argv and exit statuses are never known here.
"""
