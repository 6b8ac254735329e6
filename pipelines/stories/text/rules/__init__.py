"""Rules that turn a written post into narratable text; see ``stories/text/normalize.py``."""
