"""The report that lies in every publication."""

from __future__ import annotations

import re

from tests.integration.conftest import FIXTURES, Place


def test_a_report_lies_in_the_publication_and_loads_nothing(place: Place) -> None:
    for file in sorted((FIXTURES / "salesforce" / "good").iterdir()):
        place.put(f"salesforce/{file.name}", file.read_bytes())
    place.put("salesforce/Account.csv.broken", "?")
    assert place.run()["publication"]["outcome"] == "published"
    publication = place.publication
    assert "report.html" in publication.manifest.files
    page = (publication.path / "report.html").read_text()
    assert "passed the gate" in page
    customers = publication.table("customer")
    assert f"<b>{customers.filter(customers['customer_type'] == 'person').height:,}</b><span>persons</span>" in page
    assert not re.search(r"(?:src|href|url)\s*[=(]", page)
    # It counts; it names nobody.
    emails = customers["email"].drop_nulls().to_list()
    assert emails
    assert not [email for email in emails if email in page]
