"""Yes, no and the states of things: flags, statuses, consent. Words are compared in any case."""

from __future__ import annotations

import polars as pl

from transforms.cleaners.batches import by_vocabulary
from transforms.cleaners.registry import Context, cleaner, joiner
from transforms.records import CONSENT

YES = (
    "1", "1.0", "true", "t", "yes", "y", "on", "x", "ja", "j", "wahr", "oui", "o", "vrai", "si", "sí", "s", "verdadero",
    "vero", "sim", "verdadeiro", "tak", "active", "aktiv", "enabled",
)  # fmt: skip
NO = (
    "0", "0.0", "false", "f", "no", "n", "off", "nein", "falsch", "non", "faux", "falso", "não", "nao", "nee", "nej",
    "nie", "inactive", "inaktiv", "disabled",
)  # fmt: skip
PARTY_STATUS = r"^(active|closed)$"
CASE_STATUS = r"^(open|closed)$"
DEAL_STATUS = r"^(open|won|lost)$"
EMPLOYEE_STATUS = r"^(active|leave|terminated|unknown)$"

CLOSED_CASE = (
    r"(?i)^(?:[0-9]+\s*-\s*)?(?:closed|solved|resolved|done|completed?|cancel+ed|abgeschlossen|geschlossen|gelöst|fermé"
    r"|résolu|cerrado|resuelto|chiuso|fechado)\b"
)
WON = r"(?i)\b(?:won|gewonnen|gagn[ée]e?|ganad[oa]|vint[oa]|ganho)\b|closed_?won"
LOST = r"(?i)\b(?:lost|verloren|perdue?|perdid[oa]|pers[oa]|abandoned|disqualified|dead)\b|closed_?lost"
TERMINATED = (
    r"(?i)\b(?:terminat|inactiv|separat|dismiss|resign|retired?\b|left\b|former|deceased|ausgeschieden|gekündigt|inaktiv"
    r"|quit\b|discarded)"
)
ON_LEAVE = (
    r"(?i)\b(?:leave|absen|sabbatical|parental|maternity|elternzeit|mutterschutz|furlough|suspended|paid_leave|dormant)"
)
EMPLOYED = r"(?i)\b(?:active|employed|aktiv|actif|activo|onboarding|probation|working|current)"


def _words(yes: str | bool, no: str | bool) -> dict[str, str | bool]:
    return dict.fromkeys(YES, yes) | dict.fromkeys(NO, no)


FLAG_REASON = "is neither yes nor no"


@cleaner("flag", pl.Boolean, reason=FLAG_REASON)
def flag(cell: pl.Expr, _: Context) -> pl.Expr:
    """Yes or no, in the words of several languages."""
    return by_vocabulary(cell, _words(True, False))


@cleaner("not_flag", pl.Boolean, reason=FLAG_REASON)
def not_flag(cell: pl.Expr, _: Context) -> pl.Expr:
    """The opposite of a flag: `suspended` for what we keep as active."""
    return by_vocabulary(cell, _words(False, True))


@cleaner("status_from_flag", reason=FLAG_REASON, yields=PARTY_STATUS)
def status_from_flag(cell: pl.Expr, _: Context) -> pl.Expr:
    """active where the flag is set, closed where it is not."""
    return by_vocabulary(cell, _words("active", "closed"))


@cleaner("closed_flag", reason=FLAG_REASON, yields=CASE_STATUS)
def closed_flag(cell: pl.Expr, _: Context) -> pl.Expr:
    """closed where the flag is set, open where it is not."""
    return by_vocabulary(cell, _words("closed", "open"))


@cleaner("case_status", yields=CASE_STATUS)
def case_status(cell: pl.Expr, _: Context) -> pl.Expr:
    """closed for the words that end a case (Closed, Solved, Resolved, …); any other state is open."""
    return pl.when(cell.str.contains(CLOSED_CASE)).then(pl.lit("closed")).otherwise(pl.lit("open"))


@joiner("deal_status", yields=DEAL_STATUS)
def deal_status(cells: tuple[pl.Expr, ...], _: Context) -> pl.Expr:
    """One column: won, lost or else open, by the words of a stage. Two: the flags "won" and "closed", in this order."""
    if len(cells) == 1:
        stage = cells[0]
        lost = pl.when(stage.str.contains(LOST)).then(pl.lit("lost")).otherwise(pl.lit("open"))
        return pl.when(stage.is_not_null()).then(pl.when(stage.str.contains(WON)).then(pl.lit("won")).otherwise(lost))
    won, closed = (by_vocabulary(cell, _words(True, False)).fill_null(False) for cell in cells[:2])
    state = pl.when(won).then(pl.lit("won")).when(closed).then(pl.lit("lost")).otherwise(pl.lit("open"))
    return pl.when(pl.any_horizontal(cell.is_not_null() for cell in cells)).then(state)


@cleaner("employee_status", yields=EMPLOYEE_STATUS)
def employee_status(cell: pl.Expr, _: Context) -> pl.Expr:
    """active, leave or terminated by word, flag or descriptor (`Ann Lee (On Leave)`); a word not known: unknown."""
    stated = pl.coalesce(cell.str.extract(r"\(([^()]+)\)\s*$"), cell)
    return pl.coalesce(
        by_vocabulary(stated, _words("active", "terminated") | {"t": "active", "f": "terminated"}),
        pl.when(stated.str.contains(TERMINATED)).then(pl.lit("terminated")),
        pl.when(stated.str.contains(ON_LEAVE)).then(pl.lit("leave")),
        pl.when(stated.str.contains(EMPLOYED)).then(pl.lit("active")),
        pl.when(stated.is_not_null()).then(pl.lit("unknown")),
    )


@cleaner("opt_out", reason=FLAG_REASON, yields=CONSENT)
def opt_out(cell: pl.Expr, _: Context) -> pl.Expr:
    """denied where an opt-out is set; one that is not set says nothing: unknown."""
    return by_vocabulary(cell, _words("denied", "unknown"))


GRANTED = (
    "granted", "grant", "opt-in", "opt in", "optin", "opted in", "subscribed", "allowed", "allow", "given", "confirmed",
    "accepted", "consented", "erteilt",
)  # fmt: skip
DENIED = (
    "denied", "deny", "opt-out", "opt out", "optout", "opted out", "unsubscribed", "withdrawn", "revoked", "refused",
    "declined", "do not contact", "do not allow", "not allowed", "rejected", "cancelled", "widerrufen", "abgelehnt",
)  # fmt: skip
UNSTATED = (
    "unknown", "not specified", "not set", "pending", "notseen", "seen", "none", "no_consent", "no consent",
    "unbekannt",
)  # fmt: skip


@cleaner("consent", reason="states neither consent nor refusal", yields=CONSENT)
def consent(cell: pl.Expr, _: Context) -> pl.Expr:
    """granted, denied or unknown, from a word or a flag that states consent."""
    stated = dict.fromkeys(GRANTED, "granted") | dict.fromkeys(DENIED, "denied") | dict.fromkeys(UNSTATED, "unknown")
    return by_vocabulary(cell, _words("granted", "denied") | stated)
