"""What is known against the packages of the lock files: `python3 tests/run.py audit`."""
