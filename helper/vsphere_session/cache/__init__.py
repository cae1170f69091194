"""govmomi's `session/cache`: sessions in files that govc shares, who may use them, when they are good, how they are renewed.

What a request, a variable or the configuration says is never read here, and nothing is printed.
"""
