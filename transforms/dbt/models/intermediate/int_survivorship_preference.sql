{{ config(materialized='view') }}

with rules as (
    select * from {{ source('policy', 'survivorship') }}
),

-- a group names both rules; the second follows from the first
final as (
    select
        {% for group in ruled_groups() -%}
        max(rule) filter (where field_group = '{{ group }}') as {{ group }}_first_rule,
        {% endfor -%}
        count(*) as groups
    from rules
    where position = 1
)

select * from final
