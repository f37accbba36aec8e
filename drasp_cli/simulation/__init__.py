"""Simulated listening tests: composed and degraded clips, and raters who judge them. See docs/simulator.md."""

from drasp_cli.simulation.ceiling import Ceiling, CeilingRow
from drasp_cli.simulation.listening_test import simulate

__all__ = ["Ceiling", "CeilingRow", "simulate"]
