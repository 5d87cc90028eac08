"""What a customer allows: of each record the latest word, of all records a denial unless a dated grant is newer."""

from __future__ import annotations

from tests.rederive.given import Given

PURPOSES = ("ai", "email", "phone")


def derive(given: Given) -> None:
    """`derived_consent`, and its rows of `derived_field_provenance`."""
    con = given.con
    flags = " union all ".join(
        f"""
        select customer_id, concat_ws(':', source, object, record_id) as about, '{purpose}' as purpose,
            consent_{purpose} as state, source, object, record_id, observed_at,
            if(consent_{purpose} = 'denied', coalesce(modified_at, observed_at), null) as spoken_at, false as dated
        from party where consent_{purpose} in ('granted', 'denied')
        """
        for purpose in PURPOSES
    )
    con.execute(
        f"""
        create table word as
        {flags}
        union all
        select link.customer_id, concat_ws(':', link.source, link.object, link.record_id), purpose, state,
            consent.source, consent.object, consent.record_id, consent.observed_at,
            coalesce(stated_at, modified_at, consent.observed_at), stated_at is not null
        from consent join link
            on link.source = consent.source and link.object = person_object and link.record_id = person_record_id
        where state in ('granted', 'denied') and coalesce(stated_at::date <= date '{given.as_of}', true);
        create table last_word as
        select distinct on (about, purpose) * from word
        order by about, purpose, spoken_at desc nulls last, state, dated desc, source, object, record_id
        """
    )
    con.execute(
        """
        create table consented as
        select *, if(is_denied and not is_taken_back, 'denied', 'granted') as state from (select customer_id, purpose,
            exists (
                from last_word as d where d.customer_id = w.customer_id and d.purpose = w.purpose and d.state = 'denied'
            ) as is_denied,
            exists (
                from last_word as g
                where g.customer_id = w.customer_id and g.purpose = w.purpose and g.state = 'granted' and g.dated
                    and g.spoken_at > all (
                        select d.spoken_at from last_word as d
                        where d.customer_id = w.customer_id and d.purpose = w.purpose and d.state = 'denied'
                    )
            ) as is_taken_back,
        from (select distinct customer_id, purpose from last_word) as w)
        """
    )
    columns = ", ".join(
        f"""coalesce((
            select state from consented where consented.customer_id = c.customer_id and purpose = '{purpose}'
        ), 'unknown') as consent_{purpose}"""
        for purpose in PURPOSES
    )
    con.execute(
        f"create table derived_consent as select customer_id, {columns} "
        "from (select distinct customer_id from party) as c"
    )
    con.execute(
        """
        insert into derived_field_provenance by name
        select customer_id, 'consent_' || purpose as field, said.source, said.object, said.record_id, said.observed_at,
            case
                when others is null then 'only'
                when c.state = 'denied' then 'denied_first'
                else 'newer_grant'
            end as rule,
            coalesce(others::varchar, '[]') as runners_up
        from consented as c
        join (
            select distinct on (w.customer_id, w.purpose) w.*
            from last_word as w join consented as c using (customer_id, purpose)
            where w.state = c.state and (w.dated or not (c.is_denied and c.is_taken_back))
            order by w.customer_id, w.purpose, w.spoken_at desc nulls last, w.source, w.object, w.record_id
        ) as said using (customer_id, purpose)
        left join (
            select customer_id, purpose, to_json(list(
                {'record': concat_ws(':', w.source, w.object, w.record_id), 'value': w.state}
                order by w.spoken_at desc nulls last, w.source, w.object, w.record_id
            )) as others
            from last_word as w join consented as c using (customer_id, purpose)
            where w.state <> c.state group by customer_id, purpose
        ) using (customer_id, purpose)
        """
    )
