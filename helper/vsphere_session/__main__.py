"""`python -m vsphere_session`."""

from vsphere_session.cli.main import main

main()
