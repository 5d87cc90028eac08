"""Named cleaners: from the text of a cell to the value of a record's field.

Importing a theme's module enters its cleaners into the registry; everyone else asks the registry by name. Which field
a cleaned value belongs to is not decided here (connectors name it, `transforms.normalise` checks it).
"""

from transforms.cleaners import address, contact, dates, flags, ids, language, money, names, phone, text
from transforms.cleaners.registry import CLEANERS, Cleaner, Context

__all__ = [
    "CLEANERS",
    "Cleaner",
    "Context",
    "address",
    "contact",
    "dates",
    "flags",
    "ids",
    "language",
    "money",
    "names",
    "phone",
    "text",
]
