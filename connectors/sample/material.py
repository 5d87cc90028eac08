"""The material of the sample: countries with their cities, phone numbers, legal forms and name lists.

Names come from the lists in the `faker` package. Who lives where and who writes what wrongly does not belong here
(`entities`, `errors`).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

Rng = np.random.Generator


@dataclass(frozen=True)
class City:
    name: str
    region: str
    postal: str
    """Leading characters of its postal codes."""
    area: str
    """Area code without the trunk zero."""


@dataclass(frozen=True)
class Country:
    """One country; phone numbers follow its numbering plan, so that libphonenumber takes them for valid."""

    code: str
    share: float
    locale: str
    kin: tuple[str, ...]
    """Locales whose given names are used there too, less often."""
    language: str
    written: tuple[str, ...]
    dial: str
    trunk: str
    landline_length: int
    """Digits of a national landline number, without the trunk zero."""
    landline_first: str
    """Digits that a subscriber number may start with."""
    mobile: tuple[str, ...]
    mobile_length: int
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    """Ways to make a street of a surname."""
    legal: tuple[tuple[str, ...], ...]
    """Legal forms, each with the ways it is written; the first is the proper one."""
    trades: tuple[str, ...]
    tld: str
    freemail: tuple[str, ...]
    timezone: str
    currency: str


def _cities(*rows: tuple[str, str, str, str]) -> tuple[City, ...]:
    return tuple(City(*row) for row in rows)


COUNTRIES = (
    Country(
        "US", 0.40, "en_US", (), "en-US", ("United States", "USA", "US"), "1", "", 10, "2346789", (), 10,
        _cities(
            ("New York", "NY", "100", "212"), ("Los Angeles", "CA", "900", "213"), ("Chicago", "IL", "606", "312"),
            ("Houston", "TX", "770", "713"), ("Phoenix", "AZ", "850", "602"), ("Philadelphia", "PA", "191", "215"),
            ("San Antonio", "TX", "782", "210"), ("San Diego", "CA", "921", "619"), ("Dallas", "TX", "752", "214"),
            ("Columbus", "OH", "432", "614"), ("Charlotte", "NC", "282", "704"), ("Seattle", "WA", "981", "206"),
            ("Denver", "CO", "802", "303"), ("Boston", "MA", "021", "617"), ("Nashville", "TN", "372", "615"),
            ("Springfield", "IL", "627", "217"), ("Springfield", "MA", "011", "413"), ("Portland", "OR", "972", "503"),
        ),
        ("{} Street", "{} Avenue", "{} Road", "{} Drive", "{} Lane"),
        (("Inc", "Inc.", "Incorporated", ", Inc."), ("LLC", "L.L.C.", ", LLC"), ("Corp", "Corporation", "Corp.")),
        ("Logistics", "Medical", "Foods", "Partners", "Manufacturing", "Consulting", "Electric", "Builders", "Systems"),
        "com", ("gmail.com", "yahoo.com", "outlook.com", "aol.com"), "America/New_York", "USD",
    ),
    Country(
        "DE", 0.18, "de_DE", (), "de", ("Germany", "Deutschland", "DE"), "49", "0", 0, "2345678",
        ("151", "160", "170", "171", "172", "175"), 0,
        _cities(
            ("Berlin", "Berlin", "10", "30"), ("Hamburg", "Hamburg", "20", "40"), ("München", "Bayern", "80", "89"),
            ("Köln", "Nordrhein-Westfalen", "50", "221"), ("Frankfurt am Main", "Hessen", "60", "69"),
            ("Stuttgart", "Baden-Württemberg", "70", "711"), ("Düsseldorf", "Nordrhein-Westfalen", "40", "211"),
            ("Leipzig", "Sachsen", "04", "341"), ("Nürnberg", "Bayern", "90", "911"),
            ("Münster", "Nordrhein-Westfalen", "48", "251"), ("Bremen", "Bremen", "28", "421"),
        ),
        ("{}straße", "{}weg", "{}allee", "{}gasse", "{}platz"),
        (("GmbH", "G.m.b.H.", "Gmbh"), ("AG", "Aktiengesellschaft", "A.G."), ("GmbH & Co. KG", "GmbH u. Co KG")),
        ("Maschinenbau", "Logistik", "Bau", "Elektrotechnik", "Handel", "Druck", "Medizintechnik", "Spedition"),
        "de", ("gmx.de", "web.de", "t-online.de", "gmail.com"), "Europe/Berlin", "EUR",
    ),
    Country(
        "GB", 0.15, "en_GB", ("en_IE", "en_NZ"), "en-GB", ("United Kingdom", "UK", "Great Britain", "GB"),
        "44", "0", 10, "2",
        ("740", "741", "742", "771", "772", "773", "780", "785", "796"), 10,
        _cities(
            ("London", "Greater London", "SE", "207"), ("Birmingham", "West Midlands", "B", "121"),
            ("Leeds", "West Yorkshire", "LS", "113"), ("Glasgow", "Glasgow City", "G", "141"),
            ("Manchester", "Greater Manchester", "M", "161"), ("Liverpool", "Merseyside", "L", "151"),
            ("Bristol", "Bristol", "BS", "117"), ("Edinburgh", "Edinburgh", "EH", "131"),
            ("Sheffield", "South Yorkshire", "S", "114"), ("Nottingham", "Nottinghamshire", "NG", "115"),
        ),
        ("{} Street", "{} Road", "{} Close", "{} Lane", "{} Gardens"),
        (("Ltd", "Limited", "Ltd.", "LTD"), ("plc", "PLC", "P.L.C."), ("LLP", "L.L.P.")),
        ("Engineering", "Holdings", "Transport", "Foods", "Surveyors", "Solutions", "Joinery", "Motors"),
        "co.uk", ("gmail.com", "hotmail.co.uk", "btinternet.com", "yahoo.co.uk"), "Europe/London", "GBP",
    ),
    Country(
        "FR", 0.09, "fr_FR", ("fr_BE",), "fr", ("France", "FR"), "33", "0", 9, "0123456789",
        ("61", "62", "65", "66", "67", "76", "77"), 9,
        _cities(
            ("Paris", "Île-de-France", "75", "14"), ("Lyon", "Auvergne-Rhône-Alpes", "69", "47"),
            ("Marseille", "Provence-Alpes-Côte d'Azur", "13", "49"), ("Toulouse", "Occitanie", "31", "56"),
            ("Nantes", "Pays de la Loire", "44", "24"), ("Strasbourg", "Grand Est", "67", "38"),
            ("Bordeaux", "Nouvelle-Aquitaine", "33", "55"), ("Lille", "Hauts-de-France", "59", "32"),
        ),
        ("rue {}", "avenue {}", "boulevard {}", "chemin {}", "rue de {}"),
        (("SARL", "S.A.R.L.", "Sarl"), ("SAS", "S.A.S."), ("SA", "S.A.", "Société Anonyme")),
        ("Conseil", "Bâtiment", "Transports", "Services", "Électricité", "Distribution", "et Fils"),
        "fr", ("orange.fr", "free.fr", "laposte.net", "gmail.com"), "Europe/Paris", "EUR",
    ),
    Country(
        "ES", 0.07, "es_ES", (), "es", ("Spain", "España", "ES"), "34", "", 9, "2345678",
        ("60", "61", "62", "63", "64", "65", "66", "67"), 9,
        _cities(
            ("Madrid", "Madrid", "28", "91"), ("Barcelona", "Barcelona", "08", "93"),
            ("Valencia", "Valencia", "46", "963"), ("Sevilla", "Sevilla", "41", "954"),
            ("Zaragoza", "Zaragoza", "50", "976"), ("Málaga", "Málaga", "29", "952"),
            ("Bilbao", "Vizcaya", "48", "944"),
        ),
        ("Calle {}", "Avenida {}", "Plaza {}", "Paseo de {}"),
        (("S.L.", "SL", "Sociedad Limitada"), ("S.A.", "SA", "Sociedad Anónima")),
        ("Construcciones", "Logística", "Servicios", "Distribuciones", "Alimentación", "Hermanos"),
        "es", ("gmail.com", "hotmail.es", "telefonica.net"), "Europe/Madrid", "EUR",
    ),
    Country(
        "IT", 0.06, "it_IT", ("ro_RO",), "it", ("Italy", "Italia", "IT"), "39", "", 10, "2345678",
        ("320", "328", "333", "335", "338", "340", "347", "348"), 10,
        _cities(
            ("Roma", "Lazio", "001", "06"), ("Milano", "Lombardia", "201", "02"), ("Torino", "Piemonte", "101", "011"),
            ("Napoli", "Campania", "801", "081"), ("Bologna", "Emilia-Romagna", "401", "051"),
            ("Firenze", "Toscana", "501", "055"), ("Verona", "Veneto", "371", "045"),
        ),
        ("Via {}", "Viale {}", "Piazza {}", "Corso {}"),
        (("S.r.l.", "SRL", "Srl"), ("S.p.A.", "SPA", "Spa")),
        ("Costruzioni", "Trasporti", "Meccanica", "Alimentari", "Impianti", "Servizi"),
        "it", ("libero.it", "gmail.com", "tiscali.it"), "Europe/Rome", "EUR",
    ),
    Country(
        "NL", 0.05, "nl_NL", ("nl_BE",), "nl", ("Netherlands", "Nederland", "The Netherlands", "NL"),
        "31", "0", 9, "2345678",
        ("61", "62", "63", "64", "65"), 9,
        _cities(
            ("Amsterdam", "Noord-Holland", "10", "20"), ("Rotterdam", "Zuid-Holland", "30", "10"),
            ("Den Haag", "Zuid-Holland", "25", "70"), ("Utrecht", "Utrecht", "35", "30"),
            ("Eindhoven", "Noord-Brabant", "56", "40"), ("Groningen", "Groningen", "97", "50"),
        ),
        ("{}straat", "{}laan", "{}weg", "{}plein"),
        (("B.V.", "BV", "bv"), ("N.V.", "NV")),
        ("Bouw", "Techniek", "Transport", "Handel", "Advies", "Groep"),
        "nl", ("ziggo.nl", "kpnmail.nl", "gmail.com", "hotmail.nl"), "Europe/Amsterdam", "EUR",
    ),
)  # fmt: skip
"""Germany's numbers vary in length: 0 means area code or mobile prefix and seven to eight digits."""

NICKNAMES = {
    "Robert": "Bob", "William": "Bill", "Richard": "Rick", "James": "Jim", "John": "Jack", "Michael": "Mike",
    "Thomas": "Tom", "Joseph": "Joe", "Charles": "Chuck", "Christopher": "Chris", "Daniel": "Dan", "Matthew": "Matt",
    "Anthony": "Tony", "Steven": "Steve", "Andrew": "Andy", "Edward": "Ted", "Benjamin": "Ben", "Samuel": "Sam",
    "David": "Dave", "Kenneth": "Ken", "Timothy": "Tim", "Gregory": "Greg", "Jeffrey": "Jeff", "Joshua": "Josh",
    "Nicholas": "Nick", "Patrick": "Pat", "Ronald": "Ron", "Jonathan": "Jon", "Alexander": "Alex", "Peter": "Pete",
    "Elizabeth": "Liz", "Jennifer": "Jen", "Patricia": "Patty", "Margaret": "Peggy", "Katherine": "Kate",
    "Kathleen": "Kathy", "Catherine": "Cathy", "Barbara": "Barb", "Susan": "Sue", "Deborah": "Debbie",
    "Rebecca": "Becky", "Jessica": "Jess", "Kimberly": "Kim", "Christina": "Tina", "Victoria": "Vicky",
    "Samantha": "Sam", "Amanda": "Mandy", "Cynthia": "Cindy", "Pamela": "Pam", "Theresa": "Terry", "Donna": "Dee",
    "Elisabeth": "Lisa", "Katharina": "Kathi", "Johannes": "Hannes", "Sebastian": "Basti", "Maximilian": "Max",
    "Friedrich": "Fritz", "Wilhelm": "Willi", "Josef": "Sepp", "Hans-Peter": "Hape", "Margarete": "Grete",
    "Johanna": "Hanna", "Magdalena": "Lena", "Franziska": "Franzi", "Susanne": "Susi", "Gabriele": "Gabi",
    "Alexandre": "Alex", "Frédéric": "Fred", "Nathalie": "Nath", "Véronique": "Véro", "Isabelle": "Isa",
    "Francisco": "Paco", "José": "Pepe", "Dolores": "Lola", "Rosario": "Charo", "Ignacio": "Nacho", "Manuel": "Manolo",
    "Giuseppe": "Beppe", "Francesca": "Franca", "Luigi": "Gigi", "Giovanni": "Gianni", "Antonio": "Toni",
    "Cornelis": "Kees", "Hendrik": "Henk", "Adrianus": "Ad", "Wilhelmina": "Mina",
}  # fmt: skip
"""Short names that share letters with the long one, and some that do not."""


def weights_like_zipf(size: int, exponent: float = 0.85, flatness: float = 0.0) -> np.ndarray:
    """Cumulative weights of ranks 1..size: a few are frequent, most are rare, as with names.

    The larger `flatness`, the less the first stand out.
    """
    weights = 1.0 / (np.arange(1, size + 1) + flatness) ** exponent
    return np.cumsum(weights / weights.sum())


def pick(rng: Rng, cumulative: np.ndarray, size: int) -> np.ndarray:
    """Ranks drawn with the given cumulative weights."""
    return np.minimum(np.searchsorted(cumulative, rng.random(size)), len(cumulative) - 1)


@cache
def listed_names(locale: str, which: str) -> tuple[str, ...]:
    """Names of a locale, the frequent first where its list says so, else in a fixed mixed order.

    `which` is first_names_male, first_names_female or last_names.
    """
    material: Any = getattr(importlib.import_module(f"faker.providers.person.{locale}").Provider, which)
    if isinstance(material, dict):
        return tuple(sorted(material, key=lambda name: -material[name]))
    listed = list(dict.fromkeys(material))
    return tuple(listed[i] for i in np.random.default_rng(7).permutation(len(listed)))


@cache
def given_names(country: Country, which: str) -> tuple[pl.Series, np.ndarray]:
    """Given names of a country with cumulative weights; `which` is first_names_male or first_names_female."""
    listed = dict.fromkeys(name for locale in (country.locale, *country.kin) for name in listed_names(locale, which))
    return pl.Series(list(listed), dtype=pl.String), weights_like_zipf(len(listed), 0.9, 5.0)
