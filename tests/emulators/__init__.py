"""Stand-ins for the outside platforms, strict enough that passing here means something."""
