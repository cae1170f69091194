"""What Python programs hold for long: `Session` with ready-made clients, and the auth of `requests`.

The executable imports nothing of it. What a session is, and how one is had, is the cache's and never decided here.
"""
