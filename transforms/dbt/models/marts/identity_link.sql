{{ config(materialized='passed_on') }}

with links as (
    select * from {{ source('identity', 'link') }}
),

final as (
    select
        source,
        object,
        record_id,
        customer_id,
        rule,
        score,
        evidence,
        decided_by
    from links
)

select * from final
