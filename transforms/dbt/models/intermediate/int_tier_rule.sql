{{ config(materialized='view') }}

with rules as (
    select * from {{ source('policy', 'tier_rule') }}
),

final as (
    select
        position,
        kind,
        field,
        tier,
        reason || ': ' || case
            when field = 'lifetime_value' then 'at least ' || cast(at_least as varchar)
            else lower(value)
        end as tier_reason,
        lower(value) as value,
        at_least
    from rules
)

select * from final
