"""``scripts/demo``: the main job, end to end, on any machine."""
