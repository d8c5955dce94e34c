"""Load: what is promised of the server under more clients than a test can have."""
