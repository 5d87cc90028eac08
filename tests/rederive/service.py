"""How a customer is served: the tier by the first line of the policy that holds, the minutes, and who answers."""

from __future__ import annotations

from tests.rederive.given import Given
from transforms.policy import SupportPolicy
from transforms.sql import quoted


def derive(given: Given) -> None:
    """`derived_service` and `derived_customer_sla`; needs what survived, consent, activity and `derived_whole`."""
    con, support = given.con, given.policy.support
    con.execute(
        f"""
        create table standing as
        select customer_id, w.customer_type, w.status, s.organisation_id, s.sla, s.plan, a.lifetime_value, c.consent_ai,
            {_first(support, "tier")} as own_tier, {_first(support, "reason")} as own_reason,
        from derived_whole as w join derived_survivorship as s using (customer_id)
        join derived_activity as a using (customer_id) join derived_consent as c using (customer_id)
        """
    )
    minutes = " ".join(f"when '{tier}' then {count}" for tier, count in support.service_levels.items())
    served = ", ".join(f"'{tier}'" for tier in support.ai_may_serve) or "null"
    unknown = support.consent_ai_unknown
    con.execute(
        f"""
        create table derived_service as
        select customer_id, tier, tier_reason, case tier {minutes} end as sla_minutes,
            case because
                when 'closed in every source' then 'blocked'
                when 'consent to AI granted' then 'ai'
                when 'consent to AI unknown, policy says {unknown}' then '{unknown}'
                else 'human'
            end as route,
            because as route_reason,
        from (
            select *, coalesce(
                    if(status = 'closed', 'closed in every source', null),
                    if(consent_ai = 'denied', 'consent to AI denied', null),
                    if(tier in ({served}), null, tier || ' customer'),
                    if(consent_ai = 'unknown', 'consent to AI unknown, policy says {unknown}', 'consent to AI granted')
                ) as because,
            from (
                select mine.*, {support.people_share_tier_of_organisation} and theirs.own_tier = 'premium' as shares,
                    if(shares, 'premium', coalesce(mine.own_tier, 'standard')) as tier,
                    coalesce(
                        if(mine.own_tier = 'premium', mine.own_reason, null),
                        if(shares, 'as its organisation: ' || theirs.own_reason, null),
                        mine.own_reason,
                        'no rule of the policy holds'
                    ) as tier_reason,
                from standing as mine left join standing as theirs on theirs.customer_id = mine.organisation_id
            )
        );
        create table derived_customer_sla as select customer_id, sla from standing where sla is not null
        """
    )


def _first(support: SupportPolicy, told: str) -> str:
    """What the first rule that holds for a customer gives, as one `case`; null where none holds."""
    lines = [f"when {condition} then {quoted(gives[told])}" for condition, gives in _lines(support)]
    return f"case {' '.join(lines)} end" if lines else "null::varchar"


def _lines(support: SupportPolicy) -> list[tuple[str, dict[str, str]]]:
    found = []
    for rule in support.tiers:
        of_kind = "true" if rule.kind == "any" else f"w.customer_type = '{rule.kind}'"
        if rule.at_least is not None:
            amount = f"{rule.at_least:.2f}"
            said = [(f"lifetime_value >= {amount}", f"at least {amount}")]
        else:
            said = [(f"lower({rule.field}) = {quoted(value.lower())}", value.lower()) for value in rule.values]
        for condition, words in said:
            found.append((f"{of_kind} and {condition}", {"tier": rule.tier, "reason": f"{rule.reason}: {words}"}))
    return found
