"""An Asterisk that holds the simulated modems: a manager interface in front of a driver like chan_dongle.

The driver opens the modems' ports as the real one does and speaks AT to them, so that every fault of the
simulated modems is a fault behind Asterisk as well. What it answers, and what it keeps silent about, is what
was measured on the real one.
"""
