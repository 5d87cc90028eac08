with records as (
    select * from {{ source('records', 'activity') }}
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
        organisation_object,
        organisation_record_id,
        owner_user_id,

        -- texts
        activity,

        -- times
        modified_at,
        observed_at,
        happened_at,

        -- lists
        filled
    from records
)

select * from final
