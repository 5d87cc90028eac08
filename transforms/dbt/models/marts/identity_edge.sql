{{ config(materialized='passed_on') }}

with edges as (
    select * from {{ source('identity', 'edge') }}
),

final as (
    select
        record_a,
        record_b,
        score,
        agreed,
        disagreed,
        model_version,
        used,
        reason
    from edges
)

select * from final
