"""The simulation: the real client and servers over a fake clock, fake wires and a fake disk.

One process, no thread, no socket, no file: a schedule of faults is drawn from a seed, played in
virtual time, and what the servers answer is checked against the model of what may be served. The
same seed gives the same story on every machine.
"""
