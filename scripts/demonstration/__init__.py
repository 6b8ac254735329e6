"""``scripts/demo``: the main job, end to end, on whatever machine it is started on."""
