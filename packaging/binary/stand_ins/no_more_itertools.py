"""In place of `more_itertools`, of which `jaraco.functools` has an example in a docstring, and nothing else."""
