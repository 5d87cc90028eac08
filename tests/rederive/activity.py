"""What is going on with a customer: deals, cases and contacts, each counted once, asked for one by one."""

from __future__ import annotations

from tests.rederive.given import Given

REFERENCE = "transforms/dbt/seeds/reference_rate.csv"


def derive(given: Given) -> None:
    """`derived_activity` and its rows of provenance; needs `derived_survivorship` for whom people belong to."""
    con, as_of, currency = given.con, given.as_of, given.policy.reporting_currency
    con.execute(
        f"""
        create macro of_record(s, o, r) as (
            select customer_id from link where link.source = s and link.object = o and link.record_id = r
        );
        create macro employer(c) as (select organisation_id from derived_survivorship as d where d.customer_id = c);
        create macro day() as date '{as_of}';
        create table rate_on as
        select source, currency, rate, coalesce(valid_from, date '0001-01-01') as since,
            modified_at, observed_at, object, record_id
        from exchange_rate as r where rate > 0 and not exists (
            from sources where sources.source = r.source and sources.currency = r.currency
        )
        union all
        select source, currency, 1, date '0001-01-01', null, null, null, null from sources where currency is not null
        union all
        select 'reference rates', currency, rate, date '0001-01-01', null, null, null, null from read_csv('{REFERENCE}')
        """
    )
    con.execute(
        """
        create macro rate_of(s, c, d) as (
            select rate from rate_on where source = s and currency = c and since <= d
            order by since desc, modified_at desc nulls last, observed_at desc, object, record_id limit 1
        )
        """
    )
    con.execute(
        f"""
        create table rates_of as
        select deal.source, deal.object, deal.record_id, deal.amount,
            table_of.source as table_of, table_of.rank as table_rank,
            rate_of(table_of.source, '{currency}', coalesce(closes_on, day())) as wanted,
            rate_of(table_of.source, coalesce(deal.currency, own.currency), coalesce(closes_on, day())) as held,
        from deal left join sources as own using (source)
        cross join (
            select distinct rate_on.source, sources.rank from rate_on left join sources using (source)
        ) as table_of
        where status = 'won' and coalesce(deal.currency, own.currency) <> '{currency}';
        create table worth as
        select distinct on (source, object, record_id) source, object, record_id,
            round(amount * wanted / held, 2)::decimal(18, 2) as value
        from rates_of where wanted is not null and held is not null
        order by source, object, record_id, table_of <> source, table_of = 'reference rates', table_rank, table_of
        """
    )
    con.execute(
        f"""
        create table counted_deal as
        select deal.status, coalesce(
                of_record(source, organisation_object, organisation_record_id),
                of_record(source, person_object, person_record_id)
            ) as customer_id,
            if(coalesce(deal.currency, own.currency) = '{currency}', amount, worth.value) as value,
        from deal left join sources as own using (source) left join worth using (source, object, record_id)
        where not exists (
            from deal as other join sources as better on better.source = other.source
            where other.external_id = deal.external_id and (better.rank, better.source) < (own.rank, own.source)
        );
        create table counted_case as
        with named as (
            select *, of_record(source, person_object, person_record_id) as person,
                coalesce(
                    of_record(source, organisation_object, organisation_record_id),
                    employer(of_record(source, person_object, person_record_id))
                ) as company
            from support_case where opened_at is null or opened_at::date <= day()
        )
        select person as customer_id, * exclude (person, company) from named where person is not null
        union all
        select company, * exclude (person, company) from named
        where company is not null and company is distinct from person;
        create table contact as
        with named as (
            select *, of_record(source, person_object, person_record_id) as person,
                coalesce(
                    of_record(source, organisation_object, organisation_record_id),
                    employer(of_record(source, person_object, person_record_id))
                ) as company
            from activity
        )
        select unnest([person, company]) as customer_id, happened_at as seen_at, 1 as place,
            source, object, record_id, observed_at
        from named
        union all
        select customer_id, last_activity_at, 2, source, object, record_id, observed_at from party
        union all
        select customer_id, opened_at, 0, source, object, record_id, observed_at from counted_case
        """
    )
    con.execute(
        """
        create table derived_activity as
        select customer_id,
            (
                select coalesce(sum(value), 0) from counted_deal as d
                where d.customer_id = c.customer_id and status = 'won'
            ) as lifetime_value,
            (
                select count(*) from counted_deal as d where d.customer_id = c.customer_id and status = 'open'
            ) as open_deals,
            (
                select count(*) from counted_case as k where k.customer_id = c.customer_id and status = 'open'
            ) as open_cases,
            (
                select count(*) from counted_case as k
                where k.customer_id = c.customer_id and opened_at::date >= day() - 90
            ) as cases_90d,
            (select max(opened_at) from counted_case as k where k.customer_id = c.customer_id) as last_case_at,
            (
                select max(seen_at) from contact as k where k.customer_id = c.customer_id and seen_at::date <= day()
            ) as last_contact_at,
        from (select distinct customer_id from party) as c;
        insert into derived_field_provenance by name
        select distinct on (customer_id, field)
            customer_id, field, source, object, record_id, observed_at, 'latest' as rule, '[]' as runners_up
        from (
            select 'last_contact_at' as field, * from contact
            union all
            select 'last_case_at', * from contact where place = 0
        ) where seen_at::date <= day() and customer_id is not null
        order by customer_id, field, seen_at desc, place, source, object, record_id
        """
    )
