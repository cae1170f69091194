"""The tests of the peers themselves: what the other tests rely on when they use them."""
