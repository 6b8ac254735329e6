"""Outgoing webhooks: who is told about which events, and the deliveries."""
