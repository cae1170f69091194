"""Fuzzing of every parser: inputs made from sound samples, a finding for all that a parser does not promise.

`samples` has the grammars, `mutation` makes inputs of them, `targets` says what a parser may do with one, `running`
counts, measures and reports. `python3 tests/run.py fuzz` runs it; see docs/fuzzing.md.
"""
