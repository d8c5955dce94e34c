"""The description of the gateway's behaviour: `python3 -m unittest` runs all of it."""
