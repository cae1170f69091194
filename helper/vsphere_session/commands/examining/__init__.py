"""What `doctor` looks at: one file per area, each check a small function; `order.py` has the list, which is their order."""
