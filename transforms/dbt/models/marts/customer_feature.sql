{{ config(
    post_hook=create_reader_macro(
        'customer_feature_of',
        "select rows.* exclude (" ~ (compared_columns() + ['publication']) | join(', ') ~ "), " ~ features('rows', 'rows.logical_date')
    )
) }}

with customers as (
    select * from {{ ref('customer') }}
),

final as (
    select
        customers.customer_id,
        {{ features('customers', as_of()) }}
    from customers
)

select * from final
