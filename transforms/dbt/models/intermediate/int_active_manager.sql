-- per worker the nearest active one up the chain, the worker's manager first
with recursive employees as (
    select * from {{ ref('int_employee') }}
),

climb as (
    select
        employees.employee_id,
        managers.employee_id as manager_employee_id,
        managers.active,
        1 as steps
    from employees
    inner join employees as managers
        on employees.manager_employee_id = managers.employee_id
    where not employees.active

    union all

    -- a chain that leads back to itself ends here: no company is 25 levels deep
    select
        climb.employee_id,
        managers.employee_id as manager_employee_id,
        managers.active,
        climb.steps + 1 as steps
    from climb
    inner join employees as absent
        on climb.manager_employee_id = absent.employee_id
    inner join employees as managers
        on absent.manager_employee_id = managers.employee_id
    where not climb.active and climb.steps < 25
),

final as (
    select
        employee_id,
        manager_employee_id,
        steps
    from climb
    where active
)

select * from final
