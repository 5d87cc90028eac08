{{ config(materialized='view') }}

with rates as (
    select * from {{ ref('stg_exchange_rate') }}
    where rate > 0
),

-- the source's own currency buys one unit of itself, whatever its rate table says
own_rates as (
    select
        source,
        currency,
        cast(1 as decimal(18, 6)) as rate,
        cast(null as date) as valid_from
    from {{ ref('stg_source') }}
    where currency is not null
),

foreign_rates as (
    select
        rates.source,
        rates.currency,
        rates.rate,
        rates.valid_from
    from rates
    left join own_rates
        on rates.source = own_rates.source
        and rates.currency = own_rates.currency
    where own_rates.source is null
    -- two rates of one day: the one changed last
    qualify row_number() over (
        partition by rates.source, rates.currency, rates.valid_from
        order by rates.modified_at desc nulls last, rates.observed_at desc, rates.object, rates.record_id
    ) = 1
),

all_rates as (
    select * from own_rates
    union all
    select * from foreign_rates
),

final as (
    select
        source,
        currency,
        rate,
        valid_from,
        lead(valid_from) over (
            partition by source, currency
            order by valid_from nulls first
        ) as valid_until
    from all_rates
)

select * from final
