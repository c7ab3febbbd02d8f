"""The shell: one transaction an event, one outbox, and the only place that commits."""
