"""Files, locks and paths, and the reader that notes what an answer was read from.

What a file means is never decided here, and nothing here knows of the network or of vSphere.
"""
