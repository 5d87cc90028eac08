"""Believable exports of several systems with known truth, for a first run, tests and measurements.

In about 96 of 100 pairs, two records of one person share an e-mail address, a number, an address or a birth date
besides the name; two of one organisation share a domain, a customer number, a number or an address.

Reading exports does not belong here.
"""

from connectors.sample.generate import SampleError, SampleSummary, write_sample

__all__ = ["SampleError", "SampleSummary", "write_sample"]
