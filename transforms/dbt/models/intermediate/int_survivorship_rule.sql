{{ config(materialized='view') }}

with policy as (
    select
        field_group,
        position,
        rule
    from {{ source('policy', 'survivorship') }}
),

-- not for the policy to say: a first day is the earliest, and the record that stands for the whole is the one believed most
fixed (field_group, position, rule) as (
    values
    ('first', 1, 'source_rank'),
    ('first', 2, 'most_recent'),
    ('customer_since', 1, 'earliest'),
    ('customer_since', 2, 'source_rank'),
    ('customer_since', 3, 'most_recent')
),

rules as (
    select * from policy
    union all
    select * from fixed
),

final as (
    select
        {% for place in rule_places() -%}
        max(rule) filter (where position = {{ place }}) as rule_{{ place }},
        {% endfor -%}
        field_group
    from rules
    group by field_group
)

select * from final
