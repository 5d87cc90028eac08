with employees as (
    select
        workers.*,
        sources.rank as source_rank
    from {{ ref('stg_employee') }} as workers
    left join {{ ref('stg_source') }} as sources
        on workers.source = sources.source
),

final as (
    select
        -- ids
        source || ':' || record_id as employee_id,
        source,
        record_id,
        source || ':' || manager_employee_id as manager_employee_id,

        -- texts
        coalesce(nullif(trim(concat_ws(' ', given_name, family_name)), ''), email, record_id) as name,
        nullif(lower(trim(concat_ws(' ', given_name, family_name))), '') as full_name,
        lower(email) as email,
        country,
        timezone,
        case
            when status in ('terminated', 'leave') then status
            when terminated_on <= {{ as_of() }} then 'terminated'
            when hired_on > {{ as_of() }} then 'not hired yet'
            when status <> 'active' then 'of unknown status'
        end as absent_because,

        -- numbers
        source_rank,

        -- flags
        status = 'active'
        and coalesce(terminated_on > {{ as_of() }}, true)
        and coalesce(hired_on <= {{ as_of() }}, true) as active,

        -- lists
        languages,
        skills
    from employees
    -- a worker whom two objects of one source export is one worker
    qualify row_number() over (
        partition by source, record_id
        order by modified_at desc nulls last, observed_at desc, object
    ) = 1
)

select * from final
