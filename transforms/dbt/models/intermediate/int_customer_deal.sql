with deals as (
    select * from {{ ref('int_deal') }}
    where customer_id is not null
),

final as (
    select
        customer_id,
        coalesce(sum(value) filter (where status = 'won'), 0) as lifetime_value,
        cast(count(*) filter (where status = 'open') as integer) as open_deals
    from deals
    group by customer_id
)

select * from final
