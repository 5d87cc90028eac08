with records as (
    select * from {{ source('records', 'consent') }}
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        export,
        row,
        person_object,
        person_record_id,

        -- texts
        purpose,
        state,

        -- times
        modified_at,
        observed_at,
        stated_at,

        -- lists
        filled
    from records
)

select * from final
