"""How long the helper takes beside govc, on the same vcsim in the same run, as ratios.

`rows` has what is measured, `programs` what runs, `timing` the clock, `floor` what no program can beat, `stages` and
`picture` where the time of a call goes, `pages` where the results are written.
"""
