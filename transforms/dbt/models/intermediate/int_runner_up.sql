-- A table of its own: gathering these texts takes memory that what joins them needs, too.
with records as (
    select * from {{ ref('int_customer_record') }}
),

pinned_values as (
    select * from {{ ref('int_pinned_value') }}
),

-- what would have survived without the pin
overruled as (
    select
        records.customer_no,
        pinned_values.field,
        records.source,
        records.object,
        records.record_id,
        case pinned_values.field
            {% for field, group in surviving_fields() -%}
            when '{{ field }}' then case when {{ gives(group) }} then cast(records.{{ field }} as varchar) end
            {% endfor -%}
        end as value
    from pinned_values
    inner join records
        on pinned_values.customer_no = records.customer_no
    left join {{ ref('int_winning_record') }} as winning
        on records.customer_no = winning.customer_no
),

beaten as (
    select
        customer_no,
        field,
        source,
        object,
        record_id,
        value,
        rule,
        place
    from {{ ref('int_contested_value') }}

    union all

    select
        customer_no,
        field,
        source,
        object,
        record_id,
        value,
        'pinned' as rule,
        1 as place
    from overruled
    where value is not null
),

final as (
    select
        beaten.customer_no,
        beaten.field,
        {{ json_list(
            json_of({'record': "beaten.source || ':' || beaten.object || ':' || beaten.record_id", 'value': 'beaten.value'}),
            by='beaten.place'
        ) }} as runners_up,
        {{ best('beaten.rule', by='beaten.place') }} as rule
    from beaten
    left join pinned_values
        on beaten.customer_no = pinned_values.customer_no
        and beaten.field = pinned_values.field
    where beaten.value is distinct from pinned_values.value
    group by beaten.customer_no, beaten.field
)

select * from final
