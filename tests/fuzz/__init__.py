"""The fuzz test's own: streams to send, and a second reading of what they mean."""
