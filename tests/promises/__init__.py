"""The eight promises, each proven by faults injected on purpose; `python3 tests/run.py promises` makes docs/promises.md.

One module a promise, with ``rows(size, progress)``; ``table.py`` lists them. The short form of each is a test, the long
form is the command. What a run finds broken it raises as an AssertionError that says with which call, where and how.
"""
