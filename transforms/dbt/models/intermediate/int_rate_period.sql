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

-- of no source, and for every day: the last resort
reference_rates as (
    select
        cast(null as varchar) as source,
        currency,
        rate,
        cast(null as date) as valid_from
    from {{ ref('reference_rate') }}
),

all_rates as (
    select * from own_rates
    union all
    select * from foreign_rates
    union all
    select * from reference_rates
),

final as (
    select
        all_rates.source,
        all_rates.currency,
        all_rates.rate,
        all_rates.valid_from,
        lead(all_rates.valid_from) over (
            partition by all_rates.source, all_rates.currency
            order by all_rates.valid_from nulls first
        ) as valid_until,
        sources.rank as source_rank
    from all_rates
    left join {{ ref('stg_source') }} as sources
        on all_rates.source = sources.source
)

select * from final
