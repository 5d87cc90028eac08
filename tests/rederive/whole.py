"""What is said of all of a customer's records together, and of the row as a whole."""

from __future__ import annotations

from tests.rederive.given import Given

COUNTED = (
    "display_name", "email", "phone_e164", "street", "postal_code", "city", "region", "country", "language", "timezone",
    "customer_since", "plan",
)  # fmt: skip


def derive(given: Given) -> None:
    """`derived_whole`; needs what survived. The stand-in for a name is said here, not there."""
    same = " and ".join(
        f"now.{column} is not distinct from was.{column}"
        for column in given.con.table("published_customer").columns
        if column not in ("oldest_source_at", "publication")
    )
    given.con.execute(
        f"""
        create table derived_whole as
        select customer_id,
            (select any_value(customer_type) from party where party.customer_id = c.customer_id) as customer_type,
            if(exists (
                from party where party.customer_id = c.customer_id and coalesce(status, 'active') <> 'closed'
            ), 'active', 'closed') as status,
            coalesce(s.display_name, s.email, s.phone_e164, (
                select record_id from party where party.customer_id = c.customer_id
                order by rank, modified_at desc nulls last, observed_at desc, source, object, record_id limit 1
            )) as display_name,
            '{given.policy.reporting_currency}' as currency,
            (select list_sort(list(distinct source)) from party where party.customer_id = c.customer_id) as sources,
            (select count(distinct source) from party where party.customer_id = c.customer_id) as source_count,
            ({" + ".join(f"(s.{field} is not null)::int" for field in COUNTED)}) / 12.0 as completeness,
            coalesce((
                select list_sort(list(field)) from derived_conflict where derived_conflict.customer_id = c.customer_id
            ), []) as conflict_fields,
            coalesce({same}, false) and was.customer_id is not null as stands,
            if(stands, was.publication, {given.number}) as publication,
            if(stands, was.oldest_source_at, (
                select min(fresh_at) from party where party.customer_id = c.customer_id
            )) as oldest_source_at,
        from (select distinct customer_id from party) as c
        join derived_survivorship as s using (customer_id)
        left join published_customer as now using (customer_id)
        left join base_customer as was using (customer_id);
        alter table derived_whole drop column stands;
        insert into derived_field_provenance by name
        select customer_id, 'display_name' as field, told.source, told.object, told.record_id, told.observed_at,
            if(told.rule = 'pinned', 'pinned', 'stand_in') as rule, '[]' as runners_up,
        from derived_survivorship as s join derived_field_provenance as told using (customer_id)
        where s.display_name is null
            and told.field = if(s.email is not null, 'email', if(s.phone_e164 is not null, 'phone_e164', null))
        union all (
            select distinct on (customer_id)
                customer_id, 'display_name', source, object, record_id, observed_at, 'stand_in', '[]'
            from party join derived_survivorship as s using (customer_id)
            where coalesce(s.display_name, s.email, s.phone_e164) is null
            order by customer_id, rank, modified_at desc nulls last, observed_at desc, source, object, record_id
        );
        alter table derived_survivorship drop column display_name
        """
    )
