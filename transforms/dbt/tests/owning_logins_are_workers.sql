{{ config(severity='warn') }}

-- Customers of these logins go to a manager, an agent or the queue, as HR knows nobody of the login's number, e-mail or name
-- without doubt. Give the login the worker's number or work e-mail.
select
    logins.source,
    logins.user_id,
    count(*) as customers
from {{ ref('int_login_owner') }} as logins
inner join {{ ref('int_customer_survivor') }} as customers
    on logins.source = customers.owner_source
    and logins.user_id = customers.owner_user_id
where logins.employee_id is null
group by logins.source, logins.user_id
