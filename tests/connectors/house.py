"""A small system with an exports folder and a data folder, for the tests of landing; what it promises is told there."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import polars as pl

from connectors.landing import LandingReport, deliveries, land
from connectors.ledger import Delivery, landed_path
from connectors.spec import Connector
from connectors.storage import Storage

MONDAY = dt.date(2026, 1, 5)
DAY = dt.timedelta(days=1)


def connector(**account: object) -> Connector:
    """A system with accounts (complete), contacts (two shapes) and tickets (JSON pages)."""
    organisation = [{"kind": "organisation", "fields": {"name": "Name"}}]
    person = [{"kind": "person", "fields": {"family_name": "Name", "email": "Email"}}]
    return Connector.model_validate(
        {
            "name": "crm",
            "kind": "crm",
            "owner": "sales",
            "rank": 10,
            "objects": {
                "Account": {
                    "exports": [{"file": ["Account", "Account_[0-9]"], "require": ["Name"]}],
                    "key": "Id",
                    "records": organisation,
                    **account,
                },
                "Contact": {
                    "exports": [
                        {"file": "Contact", "require": ["Email"]},
                        {"file": "Contact", "require": ["Email"], "columns": {"Id": "Record ID", "Email": "E-Mail"}},
                    ],
                    "key": "Id",
                    "records": person,
                },
                "Ticket": {
                    "exports": [
                        {
                            "file": "tickets*",
                            "format": "json",
                            "root": "rows",
                            "require": ["Id"],
                            "envelope": {"total": "total", "page": "page", "pages": "pages", "end": "end"},
                        }
                    ],
                    "key": "Id",
                    "records": person,
                },
            },
        }
    )


class House:
    """An exports folder and a data folder."""

    def __init__(self, root: Path) -> None:
        self.exports, self.data = root / "exports", root / "data"
        self.connector = connector()

    def put(self, name: str, text: str | bytes, source: str = "crm") -> Path:
        path = self.exports / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def put_zip(self, name: str, **files: str) -> Path:
        path = self.exports / "crm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in files.items():
                archive.writestr(f"{member}.csv", text)
        return path

    def land(self, day: dt.date = MONDAY) -> LandingReport:
        return land(self.connector, Storage(self.exports), self.data, day)

    def ledger(self, object_: str = "Account") -> list[Delivery]:
        return [one for one in deliveries(self.data) if one.object == object_]

    def landed(self, delivery: Delivery) -> list[tuple[object, ...]]:
        frames = [
            pl.read_parquet(landed_path(self.data, delivery.source, delivery.object, part.hash))
            for part in delivery.parts
        ]
        return pl.concat(frames, how="diagonal").rows()


def accounts(*names: str) -> str:
    return "Id,Name,Secret\n" + "".join(f"{i},{name},s\n" for i, name in enumerate(names, 1))
