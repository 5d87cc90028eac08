-- per worker who is not there the nearest active one up the chain, the worker's manager first
with recursive employees as (
    select * from {{ ref('int_employee') }}
),

-- Whoever is there ends the climb, so a chain has one of them at most. Equal rows count once, so one that leads back to
-- itself ends as well, and so does one whose next manager HR does not list.
climb as (
    select
        employees.employee_id,
        managers.employee_id as manager_employee_id,
        managers.active
    from employees
    inner join employees as managers
        on employees.manager_employee_id = managers.employee_id
    where not employees.active

    union distinct

    select
        climb.employee_id,
        managers.employee_id as manager_employee_id,
        managers.active
    from climb
    inner join employees as absent
        on climb.manager_employee_id = absent.employee_id
    inner join employees as managers
        on absent.manager_employee_id = managers.employee_id
    where not climb.active
),

final as (
    select
        employee_id,
        manager_employee_id
    from climb
    where active
)

select * from final
