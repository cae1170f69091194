"""In place of `redis` itself, which imports every client that the library has: a fleet has its own connection alone."""
