"""Believable exports of several systems with known truth, for a first run, tests and measurements.

Reading exports does not belong here.
"""

from connectors.sample.generate import SampleError, SampleSummary, write_sample

__all__ = ["SampleError", "SampleSummary", "write_sample"]
