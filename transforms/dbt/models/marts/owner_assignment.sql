with customers as (
    select * from {{ ref('customer') }}
    where owner_employee_id is not null
),

previous_owners as (
    select * from {{ source('state', 'owner_assignment') }}
),

final as (
    select
        customers.customer_id,
        customers.owner_employee_id,
        case
            when previous_owners.owner_employee_id = customers.owner_employee_id then previous_owners.since
            else {{ as_of() }}
        end as since
    from customers
    left join previous_owners
        on customers.customer_id = previous_owners.customer_id
)

select * from final
