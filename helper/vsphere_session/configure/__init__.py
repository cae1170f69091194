"""Callers' own configuration, written so that they call this program, and taken back.

Only what this program wrote is ever replaced or removed, and nothing here logs in or knows the command line.
"""
