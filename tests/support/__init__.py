"""What tests of many folders share; what one folder alone needs lies there.

`program` runs the program under test, `cache_files` and `encrypted_files` read what it leaves, `counting` says whether a
session was lost. `connect_proxy` and `file_keyring` stand in for what a host has, `roots` makes the root directories of
others, `pyvmomi` is for tests that use it, `pages` takes what the pages tell their readers to write, and `of_the_program`
chooses tests for a built program.
"""
