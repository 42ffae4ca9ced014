"""Pure rules: no I/O, no clock, no chance. Time, limits and random choices are arguments."""
