"""The words that identity knows: legal forms, nicknames, role mailboxes, placeholders. Data only, no logic.

All in the folded form of `folding` : lower case, no accents, `ue` inside a word as `u`.
"""

from __future__ import annotations

LEGAL_FORMS: tuple[str, ...] = (
    "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "l l c", "llp", "lp", "pllc", "pc",
    "ltd", "limited", "plc", "cic", "pty", "pvt", "private", "pte", "bhd", "sdn", "kk", "yk", "gk",
    "gmbh", "g m b h", "mbh", "ggmbh", "ag", "a g", "kg", "kgaa", "ohg", "gbr", "ug", "haftungsbeschrankt",
    "ev", "e v", "eg", "ek",
    "aktiengesellschaft", "gesellschaft mit beschrankter haftung", "kommanditgesellschaft", "partg", "stiftung",
    "se",
    "sa", "s a", "sas", "sasu", "sarl", "eurl", "sci", "snc", "societe anonyme", "spa", "s p a", "srl", "s r l",
    "srls",
    "sl", "slu", "sau", "lda", "ltda", "eireli", "sa de cv", "de cv", "s de rl",
    "bv", "b v", "nv", "n v", "vof", "bvba", "cv", "ab", "aktiebolag", "as", "a s", "asa", "aps", "oy", "oyj",
    "ehf",
    "sp z oo", "sp z o o", "sp zoo", "spolka z oo", "spj", "sro", "s r o", "doo", "d o o", "dd", "kft", "zrt",
    "nyrt", "ood", "eood", "ad",
    "ooo", "oao", "zao", "pao",
)  # fmt: skip
"""Trailing words that say what an organisation is in law, not which one it is (GLEIF's list, those that CRMs hold)."""

LEADING_FORMS: tuple[str, ...] = ("ooo", "oao", "zao", "pao", "tov", "pt", "sarl", "eurl", "sasu", "kk", "yk", "gk")
"""Those that also stand in front of the name, and are no name themselves."""

ATTACHED_FORMS: dict[str, str] = {
    "株式会社": "kk", "(株)": "kk", "（株）": "kk", "㈱": "kk", "주식회사": "kk", "(주)": "kk", "㈜": "kk",
    "有限会社": "yk", "(有)": "yk", "（有）": "yk", "㈲": "yk", "유한회사": "yk", "合同会社": "gk",
    "股份有限公司": "ltd", "有限责任公司": "ltd", "有限責任公司": "ltd", "有限公司": "ltd",
}  # fmt: skip
"""Those that are written without a space between them and the name, before or behind it -> as a word."""

NICKNAMES: dict[str, str] = {
    "abby": "abigail", "andy": "andrew", "tony": "anthony", "becky": "rebecca", "beth": "elizabeth", "liz":
    "elizabeth",
    "betty": "elizabeth", "lizzie": "elizabeth", "bill": "william", "billy": "william", "will": "william",
    "bob": "robert",
    "bobby": "robert", "rob": "robert", "robbie": "robert", "chuck": "charles", "charlie": "charles", "cathy":
    "catherine",
    "cindy": "cynthia", "dan": "daniel", "danny": "daniel", "dave": "david", "davy": "david", "deb": "deborah",
    "debbie": "deborah", "dick": "richard", "rich": "richard", "rick": "richard", "ricky": "richard", "don":
    "donald",
    "donny": "donald", "ed": "edward", "eddie": "edward", "fred": "frederick", "freddy": "frederick", "greg":
    "gregory",
    "hank": "henry", "jake": "jacob", "jeff": "jeffrey", "jen": "jennifer", "jenny": "jennifer", "jim": "james",
    "jimmy": "james", "joe": "joseph", "joey": "joseph", "johnny": "john", "jon": "jonathan", "josh": "joshua",
    "judy": "judith", "ken": "kenneth", "kenny": "kenneth", "larry": "lawrence", "maggie": "margaret", "meg":
    "margaret",
    "peggy": "margaret", "matt": "matthew", "mike": "michal", "mickey": "michal", "mick": "michal", "nick":
    "nicholas",
    "pam": "pamela", "pete": "peter", "phil": "philip", "ron": "ronald", "ronnie": "ronald", "sandy": "sandra",
    "sue": "susan", "susie": "susan", "ted": "theodore", "tim": "timothy", "timmy": "timothy", "tom": "thomas",
    "tommy": "thomas", "vicky": "victoria", "walt": "walter", "zach": "zachary",
    "hannes": "johannes", "toni": "anton", "sepp": "josef", "uli": "ulrich", "wolfi": "wolfgang",
    "steffi": "stefanie", "basti": "sebastian",
    "pepe": "jose", "paco": "francisco", "nacho": "ignacio", "beppe": "giuseppe",
}  # fmt: skip
"""Short form -> the name it stands for; only those that stand for one name (Alex, Chris, Pat, Sam, Hans are left
out)."""

SHORT_FORMS: tuple[tuple[str, str], ...] = tuple(
    (short, name)
    for name, shorts in {
        "elisabeth": "lisa liesl lisbeth elsbeth else ilse sissi betty elli", "katharina": "kathi kati katja trine",
        "margarete": "gretchen grete gretel greta marga", "johanna": "hanna hanne hansi", "johannes": "hannes hans jo",
        "johann": "hans hansi", "josef": "sepp beppo jupp", "franz": "franzl", "friedrich": "fritz friedl",
        "heinrich": "heinz heiner hein", "wilhelm": "willi willy", "ludwig": "lutz wiggerl", "maximilian": "max maxi",
        "alexander": "alex sascha", "alexandra": "alex sandra sascha", "christian": "chris christl",
        "christina": "chris tina christl", "andreas": "andi andy", "thomas": "tom tommi", "stefan": "steffen steff",
        "michal": "michi mischa", "matthias": "matze hias", "benjamin": "ben benni", "sebastian": "basti wastl",
        "gunther": "gunni", "wolfgang": "wolf wolfi", "klaus": "nikolaus", "susanne": "susi sanne", "barbara": "babsi",
        "ursula": "uschi ulla", "brigitte": "gitte gitti", "angelika": "geli", "veronika": "vroni", "gertrud": "traudl",
        "francisco": "paco pancho curro fran", "jose": "pepe chema", "josemaria": "chema", "ignacio": "nacho",
        "rosario": "charo", "consuelo": "chelo", "dolores": "lola", "concepcion": "concha conchita",
        "mercedes": "merche", "guadalupe": "lupe", "isabel": "isa chabela", "enrique": "quique kike",
        "eduardo": "edu lalo", "manuel": "manolo manu", "maria": "mari marita maruja", "mariajesus": "chus",
        "montserrat": "montse", "rafal": "rafa", "roberto": "beto", "alberto": "berto", "antonio": "toni tonino",
        "giuseppe": "beppe peppe pino", "giovanni": "gianni nanni vanni", "luigi": "gigi", "salvatore": "toto turi",
        "francesco": "franco checco", "francesca": "franca", "domenico": "mimmo", "vincenzo": "enzo",
        "lorenzo": "renzo", "alessandro": "sandro ale", "alessandra": "sandra ale", "michele": "lele",
        "caterina": "rina", "teresa": "tere resi", "philippe": "phil", "alexandre": "alex", "frederic": "fred",
        "dominique": "dom", "stephane": "steph", "genevieve": "ginette", "catherine": "cathy", "jacques": "jacquot",
        "cornelis": "kees cor", "johannis": "jan", "hendrik": "henk rik", "wilhelmus": "wim", "petrus": "piet",
        "gerardus": "gerard ger", "jacobus": "koos jaap", "antonius": "toon ton", "willem": "wim", "maarten": "mart",
    }.items()
    for short in shorts.split()
)  # fmt: skip
"""Short and whole forms of given names beyond English (those come from the `nicknames` data set)."""

GENERATIONS: tuple[str, ...] = ("jr", "junior", "sr", "senior", "ii", "iii", "iv")
"""Words after a family name that tell father and son apart."""

NO_NAMES: tuple[str, ...] = (
    "unknown", "unbekannt", "inconnu", "none", "null", "n a", "nn", "n n", "test", "tbd", "tba", "xxx", "xx", "x",
    "noname", "no name", "not provided", "not known", "contact", "customer", "anonymous", "anonym", "undefined", "tbc",
    "firstname", "first name", "lastname", "last name", "vorname", "nachname", "kein name", "sans nom", "sin nombre",
    "mr", "mrs", "ms", "frau",
)  # fmt: skip
"""What people type where a system insists on a name."""

ROLE_MAILBOXES: tuple[str, ...] = (
    "info", "information", "office", "contact", "contacts", "kontakt", "contacto", "contatto", "hello", "hallo",
    "hi", "mail", "email", "post",
    "sales", "vertrieb", "verkauf", "ventes", "ventas", "marketing", "press", "presse", "media", "news",
    "newsletter",
    "support", "help", "helpdesk", "service", "services", "servicedesk", "kundenservice", "customerservice",
    "customercare", "care",
    "admin", "administration", "administrator", "webmaster", "postmaster", "hostmaster", "root", "it", "edv",
    "abuse", "security",
    "billing", "accounts", "accounting", "accountspayable", "ap", "ar", "finance", "invoice", "invoices",
    "rechnung", "rechnungen",
    "buchhaltung", "compta", "orders", "order", "bestellung", "purchasing", "einkauf", "procurement", "hr",
    "jobs", "career", "careers",
    "bewerbung", "personal", "team", "reception", "empfang", "secretary", "sekretariat", "frontdesk", "booking",
    "bookings", "reservations",
    "noreply", "donotreply", "mailerdaemon", "notifications", "notification", "alerts", "feedback", "enquiries",
    "enquiry", "inquiries", "legal",
)  # fmt: skip
"""Local parts (without `.`, `-`, `_`, digits at the end) that name a role, not a person (RFC 2142 and common use)."""

PLACEHOLDER_MAILBOXES: tuple[str, ...] = (
    "noemail", "nomail", "noemailaddress", "noaddress", "noone", "nobody", "none", "no", "na", "null",
    "unknown", "unbekannt", "missing",
    "notprovided", "notavailable", "notgiven", "keine", "keinemail", "keineemail", "kein", "sansmail",
    "sinemail", "dummy", "fake", "test",
    "testing", "tester", "testuser", "example", "sample", "placeholder", "email", "abc", "asdf", "xxx", "xx",
    "x", "user", "name",
    "youremail", "changeme", "deleted", "invalid", "anonymous",
)  # fmt: skip
"""Local parts that people type where a system insists on an address."""

MAIL_PROVIDERS: tuple[str, ...] = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "ymail.com",
    "hotmail.com", "hotmail.co.uk",
    "hotmail.fr", "hotmail.de", "outlook.com", "outlook.de", "live.com", "msn.com", "aol.com", "icloud.com",
    "me.com", "mac.com",
    "proton.me", "protonmail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "t-online.de",
    "freenet.de", "arcor.de",
    "posteo.de", "mailbox.org", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it",
    "virgilio.it", "tin.it",
    "alice.it", "bluewin.ch", "telenet.be", "skynet.be", "ziggo.nl", "kpnmail.nl", "hetnet.nl", "xs4all.nl",
    "btinternet.com", "sky.com",
    "virginmedia.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "cox.net", "qq.com", "163.com",
    "126.com", "naver.com",
    "mail.ru", "yandex.ru", "yandex.com", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl",
    "rediffmail.com", "bigpond.com",
    "optusnet.com.au", "uol.com.br", "bol.com.br", "terra.com.br", "mail.com", "zoho.com",
    "facebook.com", "linkedin.com", "instagram.com", "twitter.com", "x.com", "wordpress.com", "blogspot.com",
    "wixsite.com", "google.com",
)  # fmt: skip
"""Domains whose owner is not the customer: mail providers, and hosts of pages."""

STREET_WORDS: tuple[tuple[str, str], ...] = (
    ("strasse", "str"), ("street", "st"), ("avenue", "ave"), ("road", "rd"), ("boulevard", "blvd"), ("drive", "dr"),
    ("lane", "ln"), ("square", "sq"), ("suite", "ste"), ("highway", "hwy"), ("court", "ct"),
    ("first ", "1st "), ("second ", "2nd "), ("third ", "3rd "), ("fourth ", "4th "), ("fifth ", "5th "),
    ("sixth ", "6th "), ("seventh ", "7th "), ("eighth ", "8th "), ("ninth ", "9th "), ("tenth ", "10th "),
)  # fmt: skip
"""Long and short form of words in streets; the long one is replaced wherever it stands (also in `hauptstrasse`)."""

DIRECTIONS: tuple[tuple[str, str], ...] = (
    ("northeast", "ne"), ("northwest", "nw"), ("southeast", "se"), ("southwest", "sw"),
    ("north", "n"), ("south", "s"), ("east", "e"), ("west", "w"),
)  # fmt: skip

STREET_KINDS: tuple[str, ...] = (
    "st", "str", "ave", "av", "rd", "blvd", "dr", "ln", "sq", "ct", "hwy", "pl", "place", "pkwy", "parkway", "ter",
    "terrace", "cir", "circle", "cres", "crescent", "close", "way", "weg", "platz", "gasse", "allee", "ring", "rue",
    "av", "chemin", "allees", "quai", "via", "viale", "corso", "piazza", "calle", "cl", "paseo", "plaza", "avenida",
    "straat", "laan", "plein", "gracht",
)  # fmt: skip
"""Words that say what kind of street it is, not which: left out where the rest is compared."""

DWELLINGS: tuple[str, ...] = (
    "floor",
    "fl",
    "ste",
    "apt",
    "apartment",
    "unit",
    "room",
    "rm",
    "building",
    "bldg",
    "etage",
    "stock",
    "og",
)
"""Words behind which stands a part of a building."""
