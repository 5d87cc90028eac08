with sources as (
    select * from {{ source('records', 'source') }}
),

final as (
    select
        -- ids
        source,

        -- texts
        system,
        kind,
        country,
        timezone,
        currency,
        language,

        -- numbers
        rank,

        -- times
        fresh_at,
        fresh_until
    from sources
)

select * from final
