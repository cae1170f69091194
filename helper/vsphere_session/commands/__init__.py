"""Commands for people. Each may speak to a terminal; none is imported unless it is called.

What a program asks for, and what is read from stdin, is not here.
"""
