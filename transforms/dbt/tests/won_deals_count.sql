{{ config(severity='warn') }}

-- won deals that stand in no lifetime_value
select
    count(*) || ' won deals of ' || source || ' do not count: ' || not_counted_because
    || '; name the currency in sources.yaml, or deliver the rate' as problem
from {{ ref('int_deal') }}
where status = 'won' and (not_counted_because = 'no currency' or not_counted_because like 'no rate %')
group by source, not_counted_because
