with records as (
    select * from {{ ref('int_customer_record') }}
    where customer_records > 1
),

rules as (
    select * from {{ ref('int_survivorship_rule') }}
),

pins as (
    select
        record_no,
        field_group
    from {{ ref('int_pin') }}
    where in_force and value is null
),

candidates as (
    {% for group in field_groups() -%}
    select
        customer_no,
        record_no,
        '{{ group.name }}' as field_group,
        {{ loop.index }} as group_no,
        cast(source_rank as integer) as source_rank,
        cast(recency as integer) as recency,
        {{ group.unverified or 0 }} as unverified,
        {{ group.missing_parts or 0 }} as missing_parts,
        {{ 'cast(' ~ day_number('customer_since') ~ ' as integer)' if group.name == 'customer_since' else 0 }} as day
    from records
    where {{ group.said }} is not null
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

weighed as (
    select
        candidates.customer_no,
        candidates.record_no,
        candidates.field_group,
        candidates.group_no,
        {% for place in rule_places() -%}
        {{ rule_key(place) }} as key_{{ place }},
        {% endfor -%}
        candidates.unverified
    from candidates
    inner join rules
        on candidates.field_group = rules.field_group
    left join {{ ref('int_saying_frequency') }} as frequencies
        on candidates.record_no = frequencies.record_no
        and candidates.field_group = frequencies.field_group
    left join pins
        on candidates.record_no = pins.record_no
        and candidates.field_group = pins.field_group
),

-- in small numbers, which sort twice as fast as large ones and names
final as (
    select
        customer_no,
        record_no,
        field_group,
        unverified,
        {% for place in rule_places() -%}
        key_{{ place }},
        {% endfor -%}
        row_number() over (
            partition by customer_no, group_no
            order by
                {% for place in rule_places() -%}
                key_{{ place }},
                {% endfor -%}
                record_no
        ) as place
    from weighed
)

select * from final
