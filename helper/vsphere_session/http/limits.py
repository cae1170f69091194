"""Every limit on what a server may make us read, wait for or follow. Redirects: none is ever followed.

On the fast path.
"""

from __future__ import annotations

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024  # a hundred times the longest honest one; parsed it may take forty times as much
MAX_CHUNK_LINES = 10_000
MAX_XML_DEPTH = 64
MAX_XML_ELEMENTS = 20_000
MAX_INTERIM_ANSWERS = 8
READ_SIZE = 64 * 1024
MAX_SHOWN_CHARACTERS = 200
MAX_NAME_CHARACTERS = 1000  # of users, versions, references: what is to be kept must fit into a file
