{{ config(severity='warn') }}

-- won deals that stand in no lifetime_value; where the currency or a rate is missing, name it in sources.yaml or deliver it
select
    source,
    not_counted_because,
    count(*) as deals
from {{ ref('int_deal') }}
where status = 'won' and (not_counted_because = 'no currency' or not_counted_because like 'no rate %')
group by source, not_counted_because
