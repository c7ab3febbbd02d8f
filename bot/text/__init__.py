"""Text as pure values: Khmer spelling and digits, grapheme clusters, references, and messages that fit a channel."""
