-- whoever looks after a customer is a worker whom support knows, and there on the logical date
select
    customers.customer_id,
    customers.owner_employee_id
from {{ ref('customer') }} as customers
left join {{ ref('support_agent') }} as workers
    on customers.owner_employee_id = workers.employee_id
where customers.owner_employee_id is not null and not coalesce(workers.active, false)
