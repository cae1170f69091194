"""What `fleet doctor` looks at, in the order in which a call meets it. No server of sessions is asked anything."""
