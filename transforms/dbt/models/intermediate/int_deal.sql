with sources as (
    select * from {{ ref('stg_source') }}
),

-- deals that sources name by the same external id are one deal: the source believed most speaks for it
deals as (
    select
        deals.*,
        coalesce(deals.currency, sources.currency) as amount_currency,
        coalesce(deals.closes_on, {{ as_of() }}) as rated_on
    from {{ ref('stg_deal') }} as deals
    left join sources
        on deals.source = sources.source
    qualify deals.external_id is null or dense_rank() over (
        partition by deals.external_id
        order by sources.rank, deals.source
    ) = 1
),

reporting as (
    select value as currency from {{ source('policy', 'setting') }}
    where name = 'reporting_currency'
),

rate_periods as (
    select * from {{ ref('int_rate_period') }}
),

about as (
    {{ with_named_customers('deals') }}
),

-- few, however many deals there are
asked as (
    select distinct
        about.source,
        about.amount_currency,
        about.rated_on
    from about
    inner join reporting
        on about.amount_currency <> reporting.currency
),

-- the deal's own source knows its rates best, then the source believed most; reference rates only where no source has any
conversions as (
    select
        asked.source,
        asked.amount_currency,
        asked.rated_on,
        given.rate as given_rate,
        wanted.rate as wanted_rate,
        coalesce(given.source, 'reference rates') as rates_of
    from asked
    cross join reporting
    inner join rate_periods as given
        on asked.amount_currency = given.currency
        and (given.valid_from is null or asked.rated_on >= given.valid_from)
        and (given.valid_until is null or asked.rated_on < given.valid_until)
    inner join rate_periods as wanted
        on given.source is not distinct from wanted.source
        and reporting.currency = wanted.currency
        and (wanted.valid_from is null or asked.rated_on >= wanted.valid_from)
        and (wanted.valid_until is null or asked.rated_on < wanted.valid_until)
    qualify row_number() over (
        partition by asked.source, asked.amount_currency, asked.rated_on
        order by given.source = asked.source desc nulls last, given.source_rank nulls last, given.source nulls last
    ) = 1
),

rated as (
    select
        about.*,
        reporting.currency as reporting_currency,
        conversions.rates_of,
        case
            when about.amount_currency = reporting.currency then about.amount
            else cast(round(about.amount * conversions.wanted_rate / conversions.given_rate, 2) as decimal(18, 2))
        end as value
    from about
    cross join reporting
    left join conversions
        on about.source = conversions.source
        and about.amount_currency = conversions.amount_currency
        and about.rated_on = conversions.rated_on
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        external_id,
        coalesce(organisation_customer_id, person_customer_id) as customer_id,

        -- texts
        name,
        status,
        amount_currency,
        rates_of,
        case
            when coalesce(organisation_customer_id, person_customer_id) is null then 'no customer'
            when amount is null then 'no amount'
            when amount_currency is null then 'no currency'
            when value is null then 'no rate from ' || amount_currency || ' to ' || reporting_currency
        end as not_counted_because,

        -- numbers
        amount,
        value,

        -- dates
        closes_on
    from rated
)

select * from final
