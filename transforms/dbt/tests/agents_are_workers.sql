{{ config(severity='warn') }}

-- a line of agents.csv whose worker no HR source knows has no effect
select agents.employee_id
from {{ source('policy', 'agent') }} as agents
left join {{ ref('int_employee') }} as employees
    on agents.employee_id = employees.employee_id
where employees.employee_id is null
