with records as (
    select * from {{ source('records', 'exchange_rate') }}
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        export,
        row,

        -- texts
        currency,

        -- numbers
        rate,

        -- dates
        valid_from,

        -- times
        modified_at,
        observed_at,

        -- lists
        filled
    from records
)

select * from final
