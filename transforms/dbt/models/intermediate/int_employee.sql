with employees as (
    select
        workers.*,
        sources.rank as source_rank,
        -- a termination from before the present employment ended another one
        case when workers.terminated_on >= coalesce(workers.hired_on, workers.terminated_on) then workers.terminated_on end as ends_on
    from {{ ref('stg_employee') }} as workers
    left join {{ ref('stg_source') }} as sources
        on workers.source = sources.source
),

stated as (
    select
        *,
        -- dates say when: a status is HR's word of the day of its export, and a termination may be announced
        case
            when hired_on > {{ as_of() }} then 'not hired yet'
            when ends_on <= {{ as_of() }} then 'terminated'
            when status = 'terminated' and ends_on is null then 'terminated'
            when status = 'leave' then 'leave'
            when status = 'unknown' then 'of unknown status'
        end as absent_because
    from employees
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
        absent_because,

        -- numbers
        source_rank,

        -- flags
        absent_because is null as active,

        -- dates
        hired_on,

        -- lists
        languages,
        skills
    from stated
    -- a worker whom two objects of one source export is one worker
    qualify row_number() over (
        partition by source, record_id
        order by modified_at desc nulls last, observed_at desc, object
    ) = 1
)

select * from final
