with candidates as (
    select * from {{ ref('int_candidate') }}
),

rules as (
    select * from {{ ref('int_survivorship_rule') }}
),

records as (
    select * from {{ ref('int_customer_record') }}
    where customer_records > 1
),

-- each candidate that did not win beside the one that did
losers as (
    select
        lost.record_no,
        won.record_no as won_record_no,
        lost.field_group,
        lost.place,
        lost.unverified = won.unverified as as_good,
        {{ deciding_rule('lost', 'won') }} as rule
    from candidates as lost
    inner join candidates as won
        on lost.customer_no = won.customer_no
        and lost.field_group = won.field_group
        and won.place = 1
    inner join rules
        on lost.field_group = rules.field_group
    where lost.place > 1
),

-- one pass over each group, whose fields one record wins together
{% for group in field_groups() if group.fields -%}
{{ group.name }}_pairs as (
    select
        {% for column in group.fields + group.get('beside', []) -%}
        losing.{{ column }} as lost_{{ column }},
        winning.{{ column }} as won_{{ column }},
        {% endfor -%}
        losing.customer_no,
        losing.source,
        losing.object,
        losing.record_id,
        losers.rule,
        losers.place,
        losers.as_good
    from losers
    inner join records as losing
        on losers.record_no = losing.record_no
    inner join records as winning
        on losers.won_record_no = winning.record_no
    where
        losers.field_group = '{{ group.name }}'
        and (
            {% for field in group.fields -%}
            {{ 'or ' if not loop.first }}losing.{{ field }} <> winning.{{ field }}
            {% endfor %}
        )
),

{% endfor -%}
-- every value that another one beat and that says something else
final as (
    {% for field, group in surviving_fields() -%}
    select
        customer_no,
        '{{ field }}' as field,
        source,
        object,
        record_id,
        cast(lost_{{ field }} as varchar) as value,
        rule,
        place,
        {{ is_conflict(field, group) }} as is_conflict
    from {{ group }}_pairs
    where lost_{{ field }} <> won_{{ field }}
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
)

select * from final
