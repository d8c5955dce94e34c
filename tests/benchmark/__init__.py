"""The benchmark: this server beside others, on one machine, at the same time."""
