"""The values that one record gives its customer: per field group, its records in the order of the policy's rules."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rederive.given import Given

RECENCY = "modified_at desc nulls last, observed_at desc"
KEY = "source, object, record_id"


@dataclass(frozen=True)
class Group:
    """`says`: what a record says in the group; `fields`: column of customer -> the record's expression for it."""

    says: str
    fields: dict[str, str]
    verified: str = "0"
    missing: str = "0"


def _plain(*names: str) -> dict[str, str]:
    return {name: name for name in names}


EMAIL = "case when email_grade is not null then email end"
PHONE = """
    case when mobile_grade <= coalesce(landline_grade, 9) then mobile when landline_grade is not null then phone end
"""
GROUPS = {
    "name": Group(
        "display_name",
        _plain("display_name", "given_name", "family_name"),
        missing="if(customer_type = 'person', (given_name is null)::int + (family_name is null)::int, 0)",
    ),
    "email": Group(EMAIL, {"email": EMAIL}, "email_grade"),
    "phone": Group(PHONE, {"phone_e164": PHONE}, "least(mobile_grade, landline_grade)"),
    "address": Group(
        "nullif(concat_ws(' ', street, postal_code, city, region, country), '')",
        _plain("street", "postal_code", "city", "region", "country"),
        missing="(street is null)::int + (postal_code is null)::int + (city is null)::int",
    ),
    "language": Group("language", _plain("language"), "('language' in filled)::int"),
    "timezone": Group("timezone", _plain("timezone"), "('timezone' in filled)::int"),
    "plan": Group("plan", _plain("plan")),
    "sla": Group("sla", _plain("sla")),
    "organisation": Group("organisation_id", _plain("organisation_id")),
    "customer_since": Group("created_on", {"customer_since": "created_on"}),
}


def derive(given: Given) -> None:
    """`derived_survivorship`, `derived_conflict(customer_id, field)` and `derived_field_provenance`."""
    con, policy = given.con, given.policy.survivorship
    con.execute("create table derived_survivorship as select distinct customer_id from party")
    con.execute("create table derived_conflict (customer_id varchar, field varchar)")
    con.execute("create table derived_field_provenance as from published_field_provenance limit 0")
    for name, group in GROUPS.items():
        rules = getattr(policy, name, ("earliest", "source_rank", "most_recent"))
        rank(given, name, group, rules)
        for field, said in group.fields.items():
            _losers(given, name, field, said, rules)
            _winner(given, field)
        if name == "name":
            _follow_pinned_parts(given)


def rank(given: Given, name: str, group: Group, rules: tuple[str, ...]) -> None:
    """`ranked`: the records that say something in the group, each customer's in the order of the rules."""
    keys = {
        "pinned": f"""(
            concat_ws(':', {KEY}) not in (select key from pin where field_group = '{name}' and value is null)
        )::int""",
        "verified": group.verified,
        "most_complete": group.missing,
        "most_frequent": f"-count(*) over (partition by customer_id, plain({group.says}))",
        "source_rank": "rank",
        "earliest": "created_on",
    }
    by = "".join(f"{keys[rule]} as by_{rule}, " for rule in rules if rule in keys)
    order = ", ".join(f"by_{rule}" if rule in keys else RECENCY for rule in rules)
    given.con.execute(
        f"""
        create or replace table ranked as
        with candidate as (select *, {by} {group.verified} as grade from party where {group.says} is not null)
        select *, concat_ws(':', {KEY}) as record,
            row_number() over (partition by customer_id order by {order}, {KEY}) as place,
        from candidate
        """
    )


def _losers(given: Given, name: str, field: str, said: str, rules: tuple[str, ...]) -> None:
    """`held`: what each ranked record says of the field. `lost`: what lost although it says something else."""
    newer = "l.modified_at is distinct from w.modified_at or l.observed_at <> w.observed_at"
    tests = [(newer if rule == "most_recent" else f"l.by_{rule} is distinct from w.by_{rule}", rule) for rule in rules]
    deciding = " ".join(f"when {test} then '{rule}'" for test, rule in tests)
    given.con.execute(
        f"""
        create or replace table held as select *, cast({said} as varchar) as value from ranked;
        create or replace table lost as
        select l.customer_id, l.record, l.value, l.place, case {deciding} else 'record_key' end as rule,
        from held as w join held as l using (customer_id)
        where w.place = 1 and l.place > 1 and l.value <> w.value;
        insert into derived_conflict
        select distinct l.customer_id, '{field}'
        from held as w join held as l using (customer_id)
        where w.place = 1 and l.place > 1 and {_disagrees(name, field)}
        """
    )


def _disagrees(name: str, field: str) -> str:
    """Whether two records of one customer disagree by saying these two things."""
    other = "plain(l.value) <> plain(w.value)"
    if name == "customer_since":
        return "false"
    if field == "display_name":
        return f"{other} and w.given_name is null and w.family_name is null"
    if name == "phone":
        mobile, landline = "if(l.mobile_grade is null, '', l.mobile)", "if(l.landline_grade is null, '', l.phone)"
        return f"l.grade = w.grade and l.value <> w.value and w.value not in ({mobile}, {landline})"
    if name in ("email", "language", "timezone"):
        return f"{other} and l.grade = w.grade"
    if field == "country":
        return f"{other} and 'country' not in l.filled"
    return other


def _winner(given: Given, field: str) -> None:
    """The field's column of `derived_survivorship`, and its rows of `derived_field_provenance`."""
    given.con.execute(
        f"""
        create or replace table held_fast as from pin where field = '{field}' and value is not null;
        create or replace table rival as
        select lost.* from lost
        union all
        select customer_id, record, value, 1, 'pinned'
        from held semi join held_fast using (customer_id) where place = 1;
        create or replace table told as
        select customer_id, held.* exclude (customer_id, value),
            coalesce(held_fast.value, held.value) as value,
            held_fast.said as pinned_by,
            held_fast.stated_on as pinned_on,
            (
                select to_json(list({{'record': rival.record, 'value': rival.value}} order by rival.place)) from rival
                where rival.customer_id = p.customer_id and rival.value is distinct from held_fast.value
            ) as runners_up,
            (select rule from rival where rival.customer_id = p.customer_id order by place limit 1) as rule,
        from (select distinct customer_id from party) as p
        left join (from held where place = 1) as held using (customer_id)
        left join held_fast using (customer_id);
        create or replace table derived_survivorship as
        select s.*, told.value as {field} from derived_survivorship as s join told using (customer_id);
        insert into derived_field_provenance by name
        select customer_id, '{field}' as field, coalesce(runners_up::varchar, '[]') as runners_up,
            if(pinned_by is null, source, 'policy') as source,
            if(pinned_by is null, object, 'pins.csv') as object,
            if(pinned_by is null, record_id, pinned_by) as record_id,
            if(pinned_by is null, coalesce(rule, 'only'), 'pinned') as rule,
            coalesce(pinned_on, observed_at) as observed_at,
        from told where value is not null
        """
    )


def _follow_pinned_parts(given: Given) -> None:
    """A person's display name follows a pinned part of it, where it is not pinned itself."""
    given.con.execute(
        """
        create table renamed as
        select customer_id, trim(concat_ws(' ', given_name, family_name)) as name, pin.said, pin.stated_on
        from derived_survivorship join pin using (customer_id)
        where pin.field in ('given_name', 'family_name') and pin.value is not null
            and customer_id not in (select customer_id from pin where field = 'display_name' and value is not null)
        qualify row_number() over (partition by customer_id order by pin.field) = 1;
        update derived_survivorship set display_name = renamed.name
        from renamed where renamed.customer_id = derived_survivorship.customer_id;
        update derived_field_provenance as told
        set source = 'policy', object = 'pins.csv', record_id = said, rule = 'pinned', observed_at = stated_on,
            runners_up = coalesce((
                select to_json(
                    list({'record': ranked.record, 'value': ranked.display_name} order by ranked.place)
                )::varchar
                from ranked
                where ranked.customer_id = told.customer_id and ranked.display_name <> renamed.name
                    and (ranked.place = 1 or ranked.display_name <> (
                        select first.display_name from ranked as first
                        where first.customer_id = told.customer_id and first.place = 1
                    ))
            ), '[]')
        from renamed where told.field = 'display_name' and renamed.customer_id = told.customer_id
        """
    )
