{{ config(severity='warn') }}

-- won deals for which no source has a rate stand in lifetime_value at reference rates of a day that may be long ago
select
    count(*) || ' won deals of ' || source || ' in ' || amount_currency || ' are converted at reference rates; deliver rates '
    || 'with the export of a CRM, dated ones where amounts matter' as problem
from {{ ref('int_deal') }}
where status = 'won' and not_counted_because is null and rates_of = 'reference rates'
group by source, amount_currency
