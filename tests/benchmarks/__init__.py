"""How long the helper takes beside govc, on the same vcsim in the same run, as ratios."""
