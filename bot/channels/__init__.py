"""The channels: one protocol, three implementations."""
