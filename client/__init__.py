"""The client: polls the endpoints, merges what they send, and pushes snapshots to the servers."""
