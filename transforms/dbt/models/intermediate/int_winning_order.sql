with customer_records as (
    select * from {{ ref('int_customer_record') }}
),

final as (
    select
        customer_id,
        {% for group in field_groups() -%}
        min({{ group }}_order) as {{ group }}_order,
        {% endfor -%}
        max(customer_records) as customer_records
    from customer_records
    group by customer_id
)

select * from final
