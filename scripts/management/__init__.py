"""``scripts/manage``: the one command line."""
