"""What is known against the packages of the lock files, and which sources are behind: `python3 tests/run.py audit`."""
