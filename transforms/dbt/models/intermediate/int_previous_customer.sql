{{ config(materialized='view') }}

with customers as (
    select * from {{ source('previous', 'customer') }}
),

final as (
    select
        customer_id,
        {% for column in compared_columns() -%}
        {{ column }},
        {% endfor -%}
        publication
    from customers
)

select * from final
