with records as (
    select * from {{ source('records', 'employee') }}
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        export,
        row,
        manager_employee_id,

        -- texts
        given_name,
        family_name,
        email,
        title,
        department,
        status,
        country,
        timezone,

        -- dates
        hired_on,
        terminated_on,

        -- times
        modified_at,
        observed_at,

        -- lists
        filled,
        languages,
        skills
    from records
)

select * from final
