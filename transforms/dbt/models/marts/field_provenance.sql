with customer_records as (
    select * from {{ ref('int_customer_record') }}
),

winning_orders as (
    select * from {{ ref('int_winning_order') }}
),

winners as (
    select
        {% for group in surviving_fields() | map(attribute=1) | unique -%}
        customer_records.{{ group }}_order = winning_orders.{{ group }}_order as won_{{ group }},
        {% endfor -%}
        customer_records.*
    from customer_records
    inner join winning_orders
        on customer_records.customer_id = winning_orders.customer_id
),

values_won as (
    {% for field, group in surviving_fields() -%}
    select
        customer_id,
        '{{ field }}' as field,
        source,
        object,
        record_id,
        observed_at
    from winners
    where won_{{ group }} and {{ field }} is not null
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

beaten as (
    select
        customer_id,
        field,
        {{ json_list(
            json_of({'record': "source || ':' || object || ':' || record_id", 'value': 'value'}), by='lost_order'
        ) }} as runners_up,
        {{ best('rule', by='lost_order') }} as rule
    from {{ ref('int_contested_value') }}
    group by customer_id, field
),

final as (
    select
        values_won.customer_id,
        values_won.field,
        values_won.source,
        values_won.object,
        values_won.record_id,
        coalesce(beaten.rule, 'only') as rule,
        values_won.observed_at,
        coalesce(beaten.runners_up, '[]') as runners_up
    from values_won
    left join beaten
        on values_won.customer_id = beaten.customer_id
        and values_won.field = beaten.field
)

select * from final
