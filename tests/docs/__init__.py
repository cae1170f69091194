"""What is shown on the pages: tests that it is true, and what writes the parts of it that come from code and figures.

`python3 tests/run.py docs` writes the table of dialects, that of rooms and the picture of a terminal; `docs site`, which is part of
`lint`, builds the site.
"""
