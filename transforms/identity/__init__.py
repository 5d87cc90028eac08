"""Identity: which records are the same customer, by evidence that can be shown. Records in, links out.

`resolve.resolve_identity` is the one way in. Values are cleaned before (`transforms.normalise`), and what is said about
a customer is decided after (dbt); neither belongs here.
"""

from transforms.identity.candidates import OversizedBlock
from transforms.identity.decisions import DecisionError
from transforms.identity.kept import first_rows
from transforms.identity.resolve import IdentityError, IdentityReport, resolve_identity

__all__ = ["DecisionError", "IdentityError", "IdentityReport", "OversizedBlock", "first_rows", "resolve_identity"]
