"""The tests; shared helpers are in tests.support and tests.emulators."""
