"""Recomputes what a publication says from records, edges, state and policy, another way than the product, and compares.

The dbt models work set by set on numbers; here every value is asked for by itself: in plain ordered selects, or step by
step in Python, straight from what the table promises. Where both agree, neither has slipped.

    given.py         what a run rested on, laid as tables: party records with their customers, pins, state, policy
    survivorship.py  the values that one record gives, their provenance, where records disagree
    consent.py       what a customer allows, and who said so
    activity.py      deals, cases, contacts
    whole.py         what all records say together; stand-ins for a name; whether the row is new
    service.py       tier, minutes, route
    workers.py       who is there, whose login is whose, who stands in, what agents can do
    owner.py         who looks after whom
    links.py         customers from the edges that were used, their ids, and what became of old ids
    passage.py       changes against the base, histories, publications
    reading.py       features and documents
    compare.py       which published values differ, which are not derived, and why

A subject is a function over what is given that leaves tables `derived_<…>`, named in `compare.SUBJECTS`: rows by the
key of the published table, and the columns to compare.
"""
