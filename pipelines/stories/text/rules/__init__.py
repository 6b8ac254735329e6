"""Rules that turn a written post into what a narrator would say; see ``production/clean.py``."""
