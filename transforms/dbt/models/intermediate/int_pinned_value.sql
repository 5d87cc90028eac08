with pins as (
    select * from {{ ref('int_pin') }}
    where in_force and value is not null
),

survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

-- a pinned part of a person's name changes the whole of it
values_said as (
    select
        customer_id,
        field,
        value,
        said,
        stated_on
    from pins

    union all

    select
        pins.customer_id,
        'display_name' as field,
        survivors.display_name as value,
        {{ best('pins.said', by='pins.field') }} as said,
        {{ best('pins.stated_on', by='pins.field') }} as stated_on
    from pins
    inner join survivors
        on pins.customer_id = survivors.customer_id
    left join pins as whole
        on pins.customer_id = whole.customer_id
        and whole.field = 'display_name'
    where pins.field in ('given_name', 'family_name') and whole.customer_id is null
    group by pins.customer_id, survivors.display_name

    union all

    -- a pinned contact point that stands in for the name
    select
        pins.customer_id,
        'display_name' as field,
        pins.value,
        pins.said,
        pins.stated_on
    from pins
    inner join survivors
        on pins.customer_id = survivors.customer_id
    where survivors.display_name is null and pins.field = {{ stand_in('survivors') }}
),

final as (
    select
        survivors.customer_no,
        values_said.*
    from values_said
    inner join survivors
        on values_said.customer_id = survivors.customer_id
)

select * from final
