"""Does what the statements of the stages and ticks read grow with what was ever made?"""
