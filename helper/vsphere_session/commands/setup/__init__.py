"""What `login` sets up, a step a file: the way in, trust in the server, the login that is kept, the configuration."""
