"""Drafts of connectors: from the names and values of an unknown export's columns to what a connector would say.

A draft is a proposal that a person reads: every guess bears how sure it is. Reading the export does not belong here
(`connectors.sniff`).
"""
