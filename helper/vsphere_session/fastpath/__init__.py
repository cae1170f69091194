"""What exists for speed alone and could be deleted without changing an answer: answers given again.

Nothing is decided here that is not decided elsewhere, too.
"""
