-- Who answers, and how soon. The first line that holds decides; the first two are no matter of policy.
with customers as (
    select
        standing.customer_id,
        standing.status,
        standing.consent_ai,
        tiers.tier,
        tiers.tier_reason
    from {{ ref('int_customer_standing') }} as standing
    inner join {{ ref('int_customer_tier') }} as tiers
        on standing.customer_id = tiers.customer_id
),

service_levels as (
    select * from {{ source('policy', 'service_level') }}
),

settings as (
    select max(value) as consent_ai_unknown from {{ source('policy', 'setting') }}
    where name = 'consent_ai_unknown'
),

final as (
    select
        customers.customer_id,
        customers.tier,
        customers.tier_reason,
        cast(service_levels.sla_minutes as integer) as sla_minutes,
        case
            when customers.status = 'closed' then 'blocked'
            when customers.consent_ai = 'denied' then 'human'
            when not service_levels.ai_may_serve then 'human'
            when customers.consent_ai = 'unknown' then settings.consent_ai_unknown
            else 'ai'
        end as route,
        case
            when customers.status = 'closed' then 'closed in every source'
            when customers.consent_ai = 'denied' then 'consent to AI denied'
            when not service_levels.ai_may_serve then customers.tier || ' customer'
            when customers.consent_ai = 'unknown'
                then 'consent to AI unknown, policy says ' || settings.consent_ai_unknown
            else 'consent to AI granted'
        end as route_reason
    from customers
    cross join settings
    left join service_levels
        on customers.tier = service_levels.tier
)

select * from final
