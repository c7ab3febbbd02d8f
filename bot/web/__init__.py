"""Addresses for platforms, workers and whoever watches the service."""
