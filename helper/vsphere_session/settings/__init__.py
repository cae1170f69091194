"""What a request means: its fields, the environment, the configuration file, and which of them wins.

Nothing is sent from here, and no session is looked for.
"""
