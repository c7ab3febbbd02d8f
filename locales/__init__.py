"""The texts of the service in Khmer and English, and the tool that keeps them whole."""
