{{ config(severity='warn') }}

-- the same won deal of the same customer in two sources counts twice; a shared external_id makes them one
with twins as (
    select
        customer_id,
        amount,
        amount_currency,
        closes_on,
        min(name) as name,
        string_agg(source || ':' || object || ':' || record_id, ', ' order by source, object, record_id) as deals
    from {{ ref('int_deal') }}
    where status = 'won' and not_counted_because is null and amount <> 0
    group by customer_id, {{ comparable('name') }}, amount, amount_currency, closes_on
    having count(distinct source) > 1
)

select
    'customer ' || customer_id || ' has the deal ' || coalesce(name, 'without a name') || ' of ' || amount || ' '
    || amount_currency || coalesce(' closed on ' || closes_on, '') || ' from several sources: ' || deals
    || '; name a shared external_id in their connectors if it is one deal' as problem
from twins
