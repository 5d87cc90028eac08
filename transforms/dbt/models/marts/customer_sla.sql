-- what the support policy looks at and customer does not tell
with survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

final as (
    select
        customer_id,
        sla
    from survivors
    where sla is not null
)

select * from final
