"""Backups by command: made, and everything restored from them, on real PostgreSQL."""

from __future__ import annotations
