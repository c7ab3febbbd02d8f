"""Conversations as transcripts: what a person does, what the service says, by text id."""
