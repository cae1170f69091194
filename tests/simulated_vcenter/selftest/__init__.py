"""The tests of the simulated vCenter itself: what the other tests believe of it."""
