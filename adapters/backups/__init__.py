"""Backups: the folder that they are in, and PostgreSQL's programs."""
