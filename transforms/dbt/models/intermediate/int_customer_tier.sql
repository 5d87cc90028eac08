with customers as (
    select * from {{ ref('int_customer_standing') }}
),

rules as (
    select * from {{ ref('int_tier_rule') }}
),

-- one row per customer for whom some rule holds: its first rule
ruled as (
    select
        customers.customer_id,
        min(rules.position) as position
    from customers
    inner join rules
        on rules.kind in ('any', customers.customer_type)
        and (
            (rules.field = 'sla' and lower(customers.sla) = rules.value)
            or (rules.field = 'plan' and lower(customers.plan) = rules.value)
            or (rules.field = 'lifetime_value' and customers.lifetime_value >= rules.at_least)
        )
    group by customers.customer_id
),

own as (
    select
        ruled.customer_id,
        rules.tier,
        rules.tier_reason
    from ruled
    inner join rules
        on ruled.position = rules.position
),

sharing as (
    select count(*) > 0 as people_share from {{ source('policy', 'setting') }}
    where name = 'people_share_tier_of_organisation' and value = 'true'
),

final as (
    select
        customers.customer_id,
        case
            when sharing.people_share and employer.tier = 'premium' then employer.tier
            else coalesce(own.tier, 'standard')
        end as tier,
        case
            when own.tier = 'premium' then own.tier_reason
            when sharing.people_share and employer.tier = 'premium' then 'as its organisation: ' || employer.tier_reason
            else coalesce(own.tier_reason, 'no rule of the policy holds')
        end as tier_reason
    from customers
    cross join sharing
    left join own
        on customers.customer_id = own.customer_id
    left join own as employer
        on customers.organisation_id = employer.customer_id
)

select * from final
