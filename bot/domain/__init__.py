"""The rules of the field as pure data and functions: commands, states, reasons."""
