"""Virtual environments for `run.py`, and the Pythons of this machine to make them by; the standard library is enough.

`run.py` itself may be started by an older Python, which has to get as far as the message that says so.
"""
