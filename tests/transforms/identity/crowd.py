"""Made-up evidence: names, places, numbers and days that nobody else has, so that frequencies mean something."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

GIVEN = (
    "Adele", "Bruno", "Carmen", "Dietmar", "Elvira", "Florian", "Greta", "Henrik", "Iris", "Joachim", "Katja", "Leon",
    "Miriam", "Norbert", "Olga", "Pascal", "Ramona", "Samuel", "Tamara", "Urban", "Verena", "Walter", "Yvonne",
    "Agnes", "Benedikt", "Cosima", "Dorian", "Esther", "Fabrice", "Gisela", "Horst", "Ingrid", "Jaroslav", "Kerstin",
    "Lorenz", "Mathilde", "Nicolai", "Ottilie", "Quentin", "Rosalie", "Zoltan",
)  # fmt: skip
FAMILY = (
    "Abendroth", "Bachmeier", "Cordes", "Dombrowski", "Eisenhut", "Fellner", "Gruber", "Hollmann", "Imhof", "Jansen",
    "Kratzer", "Lohmann", "Meinhardt", "Nussbaum", "Oberlin", "Pfaffinger", "Quandt", "Rossmann", "Schuster",
    "Uhlig", "Vollmer", "Wittig", "Zeller", "Ackermann", "Brodersen", "Castell", "Drechsler", "Engelke", "Frowein",
    "Gerstner", "Hufnagel", "Isenberg", "Junghans", "Klingbeil", "Lauterbach", "Mommsen", "Niebuhr", "Orlowski",
    "Poppinga", "Rademacher", "Stahnke", "Trautwein", "Unruh", "Vetter", "Wolfram", "Zimmer", "Althaus", "Bernstein",
    "Clausen", "Dahlke", "Ehlers", "Falkner", "Tiedemann",
)  # fmt: skip
STEMS = (
    "Amsel", "Birken", "Dorf", "Eichen", "Feld", "Garten", "Hafen", "Iltis", "Jahn", "Kirch", "Linden", "Markt",
    "Nelken", "Ost", "Park", "Quell", "Rosen", "Schul", "Tannen", "Ufer", "Veilchen", "Wiesen", "Ziegel", "Acker",
    "Berg", "Damm", "Erlen", "Forst", "Graben", "Hof", "Kastanien",
)  # fmt: skip
KINDS = ("weg", "allee", "gasse", "ring", "platz")
TOWNS = (
    ("Kiel", "241"), ("Bremen", "281"), ("Essen", "451"), ("Aachen", "520"), ("Bonn", "531"), ("Mainz", "551"),
    ("Trier", "542"), ("Kassel", "341"), ("Erfurt", "990"), ("Jena", "077"), ("Leipzig", "041"), ("Dresden", "010"),
    ("Cottbus", "030"), ("Rostock", "180"), ("Schwerin", "190"), ("Ulm", "890"), ("Augsburg", "861"),
    ("Regensburg", "930"), ("Passau", "940"), ("Freiburg", "791"), ("Konstanz", "784"), ("Heidelberg", "691"),
    ("Giessen", "353"), ("Hannover", "301"), ("Magdeburg", "391"), ("Potsdam", "144"), ("Bamberg", "960"),
    ("Fulda", "360"), ("Oldenburg", "261"),
)  # fmt: skip
PROVIDERS = ("gmail.com", "web.de", "gmx.net", "outlook.com", "yahoo.de")
TRADES = (
    "Werkzeugbau", "Logistik", "Textil", "Optik", "Papier", "Saatgut", "Medizintechnik", "Brauerei", "Gerüstbau",
    "Elektronik", "Verlag", "Druckguss", "Kältetechnik",
)  # fmt: skip
FORMS = ("GmbH", "AG", "KG", "e.K.", "GmbH & Co. KG", "SE")


def home(number: int) -> dict[str, str]:
    """A street with house, a postal code and a city."""
    stem, kind = STEMS[number % len(STEMS)], KINDS[number * 3 % len(KINDS)]
    city, area = TOWNS[number * 5 % len(TOWNS)]
    return {
        "street": f"{stem}{kind} {3 + number * 17 % 180}",
        "postal_code": f"{area}{10 + number * 7 % 90}",
        "city": city,
    }


def born(number: int) -> date:
    return date(1938, 2, 3) + timedelta(days=number * 4391 % 24_001)


def landline(number: int) -> str:
    return f"+4930{20_000_000 + number * 7_393_913 % 79_999_987}"


def mobile(number: int) -> str:
    return f"+49171{2_000_000 + number * 393_919 % 7_999_993}"


def who(name: str | None = None, **fields: Any) -> dict[str, Any]:
    """A person: `Given Family`, or `Family, Given` where the family name has several words."""
    family, comma, given = (name or "").partition(", ")
    if not comma:
        given, _, family = family.rpartition(" ")
    return {"given_name": given or None, "family_name": family or None} | fields


def somebody(number: int) -> dict[str, Any]:
    """The person of that number: everything of theirs is their own, but for names, cities and mail providers."""
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    mailbox = (f"{given}.{family}", f"{given[0]}{family}", f"{family}{number}")[number % 3].lower()
    return {
        "given_name": given,
        "family_name": family,
        "email": f"{mailbox}@{PROVIDERS[number * 7 % len(PROVIDERS)]}",
        "phone": landline(number),
        "mobile": mobile(number),
        "birth_date": born(number),
    } | home(number)


def firm(number: int) -> dict[str, Any]:
    """The organisation of that number, with its own name, domain, mailbox, number and address."""
    family, trade = FAMILY[number % len(FAMILY)], TRADES[number % len(TRADES)]
    domain = f"{family}-{trade}.example".lower().replace("ü", "ue").replace("ä", "ae")
    return {
        "name": f"{family} {trade} {FORMS[number * 5 % len(FORMS)]}",
        "domain": domain,
        "email": f"kontakt@{domain}",
        "phone": landline(5000 + number),
    } | home(5000 + number)
