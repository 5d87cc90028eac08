{{ config(materialized='view') }}

-- `concord policy check` lays the customers of a publication in this place, and takes the models from here on as they are
with survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

deals as (
    select * from {{ ref('int_customer_deal') }}
),

consents as (
    select * from {{ ref('int_customer_consent') }}
),

final as (
    select
        survivors.customer_id,
        survivors.customer_type,
        survivors.organisation_id,
        survivors.status,
        survivors.sla,
        survivors.plan,
        coalesce(deals.lifetime_value, 0) as lifetime_value,
        coalesce(consents.consent_ai, 'unknown') as consent_ai
    from survivors
    left join deals
        on survivors.customer_id = deals.customer_id
    left join consents
        on survivors.customer_id = consents.customer_id
)

select * from final
