with customer_records as (
    select * from {{ ref('int_customer_record') }}
),

final as (
    select
        customer_id,
        max(customer_records) as customer_records,
        {% for group in field_groups() -%}
        min({{ group }}_order) as {{ group }}_order{{ ',' if not loop.last }}
        {% endfor %}
    from customer_records
    group by customer_id
)

select * from final
