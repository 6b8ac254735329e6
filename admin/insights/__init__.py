"""How published videos perform: comparisons, curves, and what they suggest to do.

Nothing here reads the counts of the past: ``pipelines/publishing/counts.py`` keeps the sums.
"""
