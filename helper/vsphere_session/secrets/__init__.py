"""Logins at rest: one interface, one module per store, and an index that says who has a login where.

Nothing here knows a call, a session or a server; a state directory, a clock and a deadline are all that comes in.
"""
