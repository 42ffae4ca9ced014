"""Modems on pseudo-terminals that behave on the wire like real ones: for the demonstration, the tests and
rehearsals. docs/simulator.md is its manual; the product's own codec is not used here, so that a mistake in it
shows."""

from __future__ import annotations

from pbx_sms.simulator.foreground import main
from pbx_sms.simulator.profiles import PROFILE_NAMES
from pbx_sms.simulator.simulator import Simulator, ThreadedSimulator, running_simulator

__all__ = ["PROFILE_NAMES", "Simulator", "ThreadedSimulator", "main", "running_simulator"]
