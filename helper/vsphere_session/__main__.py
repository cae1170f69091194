"""`python -m vsphere_session`."""

from vsphere_session.entry import main

main()
