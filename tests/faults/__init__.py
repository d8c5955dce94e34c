"""Faults by the hundred: what is killed, cut, filled up or told lies, and what callers then see."""
