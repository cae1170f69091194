"""What is said to a vCenter or ESXi, and what its answers mean: SOAP, REST, faults, identity, dates, session ids.

Nothing is read from or written to a file here, and nothing decides whether or when to log in.
"""
