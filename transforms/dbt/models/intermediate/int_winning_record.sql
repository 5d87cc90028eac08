with winners as (
    select * from {{ ref('int_candidate') }}
    where place = 1
),

final as (
    select
        {% for group in field_groups() -%}
        max(record_no) filter (where field_group = '{{ group.name }}') as {{ group.name }}_record,
        {% endfor -%}
        customer_no
    from winners
    group by customer_no
)

select * from final
