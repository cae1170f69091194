"""The ways to log in, one module each behind one interface, and what servers have refused.

Whether a login is needed, and where its session goes, is the cache's to decide and never known here.
"""
