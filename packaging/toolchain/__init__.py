"""Makes what the single file is linked from: OpenSSL, zlib, expat and CPython, by zig and musl, from the sources beside it.

recipes.py says how each is built, provide.py keeps the result, trim.py takes up a new release.
"""
