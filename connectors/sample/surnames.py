"""Family names of the sample, as many as a country has: listed ones, and composed ones as its language composes them.

A few are frequent, most are hardly shared by anyone. Given names and everything else of a country stand in `material`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
import polars as pl

from connectors.sample.material import listed_names, weights_like_zipf

FLATNESS = 40
"""How far down the list frequent names reach: the commonest is borne by nearly a half percent of a country."""
_PREFIXED = 12
"""Every so many-th name also exists with each of the country's prefixes."""


@dataclass(frozen=True)
class Family:
    """How a country's family names are made; stems and endings stand blank-separated."""

    lists: tuple[str, ...]
    """Locales whose listed names are frequent there, most frequent first."""
    strangers: tuple[str, ...] = ()
    """Locales whose listed names are rare there."""
    stems: str = ""
    endings: str = ""
    """What follows a stem."""
    prefixes: tuple[str, ...] = ()
    """What stands before a name, its blank included."""
    relatives: tuple[str, ...] = ()
    """Countries whose composed names are rare there too."""


FAMILIES = {
    "US": Family(
        ("en_US",),
        ("en_GB", "en_IE", "es_MX", "it_IT", "nl_NL", "en_IN", "sv_SE", "no_NO", "da_DK", "fi_FI", "de_AT", "fr_CA"),
        prefixes=("Mc", "Van ", "St. "),
        relatives=("GB", "DE", "IT"),
    ),
    "GB": Family(
        ("en_GB",),
        ("en_IE", "en_NZ", "en_IN"),
        """Abbot Alder Apple Arl Ash Ather Bad Bain Bar Bas Bat Beck Ben Bex Birch Black Blake Bram Brad Brent Bridge
        Broad Brook Brom Buck Bur Cal Carl Chad Chat Chester Clay Cliff Col Comp Cot Cran Craw Crom Dal Dar Daw
        Den Dray Dun East Edge El Elder Elm Ever Fair Far Farn Fen Fern Flint Ford Fox Gar Glad Gold Gos Gran
        Green Grim Had Hal Ham Hard Hart Hather Hay Hazel Heath Hens High Hol Hop Hor Hunt Ing Jes Ken Kil King
        Kirk Lang Lath Law Leigh Lin Lock Long Lud Lyn Mar Mal May Mel Mer Mid Mil Moor Mor Nether New Nor
        North Oak Old Or Oxen Pad Par Pem Pen Pick Pinch Pres Rad Rams Rat Raven Red Ridge Rip Rock Ros Row
        Rush Rye Sal Sand Sax Sed Sel Shel Ship Sher Six Slade Smal Stan Stock Stone Strat Sut Swan Tam Tan
        Thorn Thur Tim Tor Trel Tun Up Wade Wal War Wat Wes West Wether Whit Wick Wil Win Wol Wood Worm Wych
        Yard Yar""",
        """bank beck bee berry borne bourne bridge brook burgh burn bury by castle combe cott croft dale den field ford
        gate grave ham hill holme hurst ingham ington land law leigh ley low man mead mere mond more mouth ridge royd
        sall shaw side stead stock ston stone thorpe ton tree wall water way well wick win wood worth wright""",
        ("Mac", "O'"),
    ),
    "DE": Family(
        ("de_DE",),
        ("de_AT", "de_CH", "tr_TR", "hr_HR", "cs_CZ"),
        """Acker Adler Ahorn Alten Amsel Apfel Asch Auer Bach Baum Beck Berg Bier Birken Blumen Bock Boden Brand Braun
        Breit Brenn Bruch Brunn Buch Burg Busch Dachs Deich Dorn Dorf Eber Eck Edel Eich Eisen Engel Erlen Esch Falken
        Feld Fels Finken Fisch Forst Frank Freuden Fried Fuchs Garten Gold Graben Grün Gut Haber Hag Hahn Hammer Hart
        Hasel Heide Heim Hell Herz Hinter Hirsch Hoch Hof Holz Hopfen Jung Kalten Kamp Kessel Kirch Klein Klingen Kohl
        Korn Kranz Krumm Kupfer Lang Laub Lehm Linden Loh Löwen Mahl Markt Mittel Moos Mühl Neu Nieder Nuss Ober Ochsen
        Ost Pfeil Quell Rath Reb Reich Rein Ried Ringel Rosen Rot Sachsen Salz Sand Schaf Schell Schön Schwarz See
        Silber Sommer Sonnen Specht Stahl Stein Stern Stock Strauch Süß Tannen Teich Thal Trauten Unter Vogel Wald
        Wasser Weiden Wein Weiß Wester Wiesen Winkel Winter Wolf Zeller Ziegel Zimmer""",
        """mann meier meyer mayr müller bauer berg berger bach bacher hof hofer hoff horst huber brink kamp hausen
        häuser hauser heimer inger ler lein lich ner rich schmidt schmitt stein steiner stedt städter thal thaler wald
        walder wirth burg burger brunner brecht feld felder gärtner graf haupt holz holzer kötter reiter ried rieder
        schläger schneider schulte wart weiler wieser winkler""",
        ("von ",),
    ),
    "FR": Family(
        ("fr_FR",),
        ("fr_BE", "fr_CA", "pt_PT", "it_IT"),
        """Aub Bail Bar Barr Bass Beauch Bell Berg Bert Biz Blanch Bois Bon Bord Bouch Boul Bour Bourd Brass Bret Briss
        Broch Brun Cach Caill Carr Cast Chab Chal Champ Chap Char Chass Chast Chauv Chev Clav Col Coll Corb Cord Corn
        Coul Courb Crép Cross Dauph Daud Delm Desch Deval Dom Dorv Drap Dub Duch Durv Esp Est Fab Falc Farg Faur Ferr
        Feuill Fleur Font Forg Foug Fourn Franc Frém Gaill Gant Gard Gast Gaud Gerv Gill Girard God Gond Gour Grand
        Grav Guér Guill Hard Herb Houd Jacqu Jaill Jam Jol Jouv Labr Lach Laff Lam Lang Larr Laur Lav Lec Lég Len Lerm
        Malh Marc March Marg Mart Mass Maur Maz Mercad Merl Mich Mign Mont Mor Mouch Moul Nav Noir Oliv Pag Pall Parm
        Past Pell Perr Pich Pinch Plant Poir Poul Pouss Prad Quent Rab Raff Rav Ren Rib Rich Riv Roch Rond Rouss Sabl
        Saul Sav Serr Sim Tail Tard Thév Thib Tour Trem Vaill Val Vass Verd Vern Vid Vign Vill Vinc""",
        """ac ain aire al ande ard at aud ault aux eau eaux el ellier elin ement enet er eret ereau et eux ier ière
        illard illon in ineau inet iot ois oin on onnier onneau ot oux oy ouin uel y""",
        ("Le ", "de ", "Du"),
    ),
    "ES": Family(
        ("es_ES",),
        ("es_MX", "es_AR", "es_CO", "ro_RO", "pt_PT"),
        """Abas Agui Alar Albar Alcar Aldan Alman Alon Arand Arbel Arel Arriv Azcar Bald Barr Bascu Belm Bened Berm Bust
        Cabr Camp Canov Carr Casal Cast Cerv Corr Cort Dom Echev Escud Esp Esquiv Estev Fern Figuer Font Gald Galv Garm
        Gast Gond Guard Herr Iturr Jaur Larr Laz Lend Lob Mald Manz Marc Mel Mend Merc Mir Mont Mor Mos Murg Naranj Nav
        Ocamp Oliv Ord Orteg Pal Pared Pen Per Pint Pinz Pol Quint Ram Ren Rib Riv Rob Sald Salaz Sant Sarr Ser Solan
        Tam Tell Terr Tord Urr Val Var Veg Vel Vill Zald Zam Zub""",
        """ada ado al ales án anda ano ar ares arte edo eja ejo elo ena eña era ero eros és ez iaga ido illa illo ina
        ino ón osa oso oz uera uela uelo ura""",
    ),
    "IT": Family(
        ("it_IT",),
        ("ro_RO", "es_ES", "hr_HR"),
        """Albert Alfon Ambros Ang Anton Arc Bald Ball Barb Bart Bass Batt Bell Benv Berg Bert Bian Boc Bol Bon Borg
        Bosc Brand Brun Buc Cald Camp Cant Capp Carb Card Carl Cas Cast Catt Cav Cerv Ceccon Cip Col Cont Corr Cost
        Crist Dam Dolf Don Erc Fabb Fal Fant Farn Ferr Fil Fior Font Forn Franc Fum Gall Gamb Gar Gasp Gent Gerv Ghir
        Giord Giov Giul Grand Grass Grim Gu Guid Lanc Land Latt Leon Lomb Lor Luc Magn Malat Manc Mant Marc Mar Mart
        Masc Mazz Mel Merl Mich Mol Mont Mor Mus Nard Nic Nov Oliv Ors Pac Padov Palm Pan Paol Parm Pasqu Past Pell Per
        Petr Piazz Picc Pier Pin Pis Pizz Pol Pont Port Quar Rain Ricc Rin Rob Romagn Ross Rug Sabb Sal Salv San Sart
        Sav Scar Seraf Serr Sforz Silv Spad Stef Tass Ted Terr Tom Tor Trev Val Vann Vent Verc Vic Vign Vill Vit Volp
        Zamb Zan Zucc""",
        """acci aldi ani anti ardi aro aroli asi astri ati atti azzo egari ei elli ello enti eri esi etta etti ieri igi
        ighi ini ino ioli isi oldi oli one oni ori osi otti ozzi ucci ulli usso uti uzzi""",
        ("Di ", "De ", "Lo "),
    ),
    "NL": Family(
        ("nl_NL",),
        ("nl_BE", "de_AT", "tr_TR", "no_NO"),
        """Aal Ab Acht Ald Bak Bal Bee Ber Bijl Boer Bol Boom Bos Bou Brou Brui Buur Dek Dijk Dol Doorn Drie Duin Eek
        Els Eng Feen Fok Geer Gel Gijs Goud Groen Haan Hage Han Hart Haver Hei Hels Hen Hoek Hof Hol Hoog Huis Jans Jel
        Jong Kalk Kamp Kap Kei Ker Klaas Klei Klom Kloost Knol Koe Kool Korte Kort Krui Kuil Laan Lam Lange Leeu Lin Loo
        Maas Meer Meul Mid Mole Mon Mul Naal Nieu Noor Olden Oor Oost Oude Paap Pee Pel Pie Plas Pol Poort Pos Raad Ree
        Rijn Roe Rood Roos Rui Sand Scha Schip Schout Slot Smal Spee Spie Stee Stel Ster Stok Stra Swa Tee Tim Tol Tui
        Uit Vaar Veen Vel Ver Vis Vlie Voor Vree Waal Wal Wee Wes Wiel Wil Win Wit Wol Zand Zee Zuid Zwa""",
        """aard berg beek boer bos broek burg camp dam dijk donk drecht enga feld ga gaard graaf haar heim hof hoff
        horst huis hout ing inga ink kamp kens ker laar land len ma man meijer mans veld voort wijk sen sema shof sma
        stra straten sveld tema werf werda zaal zoon""",
        ("van ", "van der ", "de ", "van den "),
    ),
}


@cache
def surnames(code: str) -> tuple[pl.Series, np.ndarray]:
    """Family names of a country with cumulative weights, the frequent ones first."""
    family = FAMILIES[code]
    own = list(chain.from_iterable(listed_names(locale, "last_names") for locale in family.lists))
    rare = list(chain.from_iterable(listed_names(locale, "last_names") for locale in family.strangers))
    for other in (code, *family.relatives):
        rare += _composed(FAMILIES[other])
    rare += [prefix + name for prefix in family.prefixes for name in (own + rare)[::_PREFIXED] if name.isalpha()]
    rare = list(dict.fromkeys(rare))
    mixed = [rare[i] for i in np.random.default_rng(11).permutation(len(rare))]
    every = [name for name in dict.fromkeys(own + mixed) if "," not in name]
    return pl.Series(every, dtype=pl.String), weights_like_zipf(len(every), 1.0, FLATNESS)


def _composed(family: Family) -> list[str]:
    """Every stem with every ending, where the seam does not repeat a letter three times."""
    return [
        stem + ending
        for stem in family.stems.split()
        for ending in family.endings.split()
        if stem[-2:] != ending[:1] * 2 and stem[-1:] * 2 != ending[:2]
    ]
