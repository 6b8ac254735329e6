"""What is done for people and the audit log at times that nobody waits for."""
