"""Recomputes a publication's customer table from records, links and policy, another way than the models, and compares.

The dbt models work set by set on numbers; here every value is asked for by itself, in plain ordered selects straight
from what the table promises. Where both agree, neither has slipped.

    given.py         what a run rested on, laid as tables: party records with their customers, pins, policy
    survivorship.py  the values that one record gives, their provenance, where records disagree
    consent.py       what a customer allows, and who said so
    activity.py      deals, cases, contacts
    compare.py       which published values differ from what was derived

What tier, owner and route must be stands in a module of its own beside these: a function over what is
given that leaves a table `derived_<subject>` with `customer_id` and the columns to compare, named in
`compare.SUBJECTS`.
"""
