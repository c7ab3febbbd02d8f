"""One aggregate per file: its tables and its named queries; nobody else writes SQL."""
