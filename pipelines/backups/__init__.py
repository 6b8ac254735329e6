"""Backups of the record and of the files that it needs: taken, checked, restored, thinned out."""
