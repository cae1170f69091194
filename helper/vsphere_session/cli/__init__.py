"""The process: argv, streams, signals, core dumps, which protocol is spoken, `exec` and `export`, the exit status.

The only place that reads stdin, prints and exits; what a request means is never decided here.
"""
