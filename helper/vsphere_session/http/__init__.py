"""One HTTP client with a deadline for the whole call, limits on what a server may send, trust and proxies.

Nothing of vSphere belongs here: not a path, a fault or a session. Why not requests: it follows the deadline of a
single read only, reads answers of any size, and takes 180 ms to import together with pyVmomi.
"""
