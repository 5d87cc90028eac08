with records as (
    select * from {{ source('records', 'crm_user') }}
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        export,
        row,
        employee_number,
        manager_user_id,

        -- texts
        given_name,
        family_name,
        email,
        language,
        timezone,

        -- flags
        active,
        support_agent,

        -- times
        modified_at,
        observed_at,

        -- lists
        filled
    from records
)

select * from final
