"""The third-party endpoints, played: for the demo, and for tests that need them to fail."""
