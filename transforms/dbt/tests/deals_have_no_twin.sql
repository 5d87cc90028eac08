{{ config(severity='warn') }}

-- the same won deal of the same customer in two sources counts twice; a shared external_id makes them one
select
    customer_id,
    {{ comparable('name') }} as name,
    amount,
    closes_on,
    count(distinct source) as sources
from {{ ref('int_deal') }}
where status = 'won' and not_counted_because is null and amount <> 0
group by customer_id, {{ comparable('name') }}, amount, closes_on
having count(distinct source) > 1
