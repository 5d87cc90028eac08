with records as (
    select * from {{ source('records', 'deal') }}
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
        external_id,

        -- texts
        name,
        status,
        stage,
        currency,

        -- numbers
        amount,

        -- dates
        closes_on,

        -- times
        modified_at,
        observed_at,

        -- lists
        filled
    from records
)

select * from final
