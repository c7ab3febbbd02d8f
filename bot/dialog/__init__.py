"""Conversations as pure data: events in, says and commands out."""
