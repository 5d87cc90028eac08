with workers as (
    select * from {{ ref('int_support_agent') }}
),

owners as (
    select
        owner_employee_id as employee_id,
        cast(count(*) as integer) as assigned
    from {{ ref('customer') }}
    where owner_employee_id is not null
    group by owner_employee_id
),

final as (
    select
        workers.employee_id,
        workers.name,
        workers.active,
        workers.manager_employee_id,
        workers.languages,
        workers.skills,
        workers.country,
        workers.timezone,
        workers.capacity,
        coalesce(owners.assigned, 0) as assigned,
        workers.languages_from,
        workers.skills_from,
        workers.capacity_from
    from workers
    left join owners
        on workers.employee_id = owners.employee_id
)

select * from final
