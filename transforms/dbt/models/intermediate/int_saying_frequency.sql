-- Only where the policy asks for it: comparing texts costs more than all the rest. A table of its own, mostly empty, so
-- that what joins it knows how few rows it has.
with records as (
    select * from {{ ref('int_customer_record') }}
    where customer_records > 1
),

sayings as (
    {% for group in field_groups() -%}
    select
        records.customer_no,
        records.record_no,
        policy.field_group,
        {{ comparable(group.said) }} as said
    from records
    inner join {{ source('policy', 'survivorship') }} as policy
        on policy.field_group = '{{ group.name }}'
        and policy.rule = 'most_frequent'
    where {{ group.said }} is not null
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

final as (
    select
        record_no,
        field_group,
        cast(count(*) over (partition by customer_no, field_group, said) as integer) as times
    from sayings
)

select * from final
