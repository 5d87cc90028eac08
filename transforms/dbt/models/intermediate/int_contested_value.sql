with customer_records as (
    select * from {{ ref('int_customer_record') }}
    where customer_records > 1
),

winning_orders as (
    select * from {{ ref('int_winning_order') }}
    where customer_records > 1
),

survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

preference as (
    select * from {{ ref('int_survivorship_preference') }}
),

-- each record of a customer beside what the customer has; kept, because every field looks at it
pairs as materialized (
    select
        records.customer_id,
        records.source,
        records.object,
        records.record_id,
        records.source_rank,
        records.modified_at,
        records.observed_at,
        records.country_is_filled,
        {% for field, _ in surviving_fields() -%}
        records.{{ field }},
        survivors.{{ field }} as won_{{ field }},
        {% endfor -%}
        {% for group in surviving_fields() | map(attribute=1) | unique -%}
        records.{{ group }}_order,
        winning_orders.{{ group }}_order as won_{{ group }}_order,
        {% endfor -%}
        records.landline,
        records.mobile
    from customer_records as records
    inner join winning_orders
        on records.customer_id = winning_orders.customer_id
    inner join survivors
        on records.customer_id = survivors.customer_id
),

-- every value that another one beat and that says something else
beaten as (
    {% for field, group in surviving_fields() -%}
    select
        pairs.customer_id,
        '{{ field }}' as field,
        pairs.source,
        pairs.object,
        pairs.record_id,
        pairs.source_rank,
        pairs.modified_at,
        pairs.observed_at,
        cast(pairs.{{ field }} as varchar) as value,
        pairs.{{ group }}_order as lost_order,
        pairs.won_{{ group }}_order as won_order,
        '{{ quality_rule(group) }}' as quality_rule,
        {{ "'source_rank'" if group == 'customer_since' else 'preference.' ~ group ~ '_first_rule' }} as first_rule,
        {{ is_conflict(field, group) }} as is_conflict
    from pairs
    cross join preference
    where pairs.{{ group }}_order > pairs.won_{{ group }}_order and pairs.{{ field }} <> pairs.won_{{ field }}
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

-- the winning records again, to see what put them first
positions as (
    select
        customer_id,
        'source_rank' as first_rule,
        position_by_rank as position,
        source_rank,
        modified_at,
        observed_at
    from customer_records

    union all

    select
        customer_id,
        'most_recent' as first_rule,
        position_by_recency as position,
        source_rank,
        modified_at,
        observed_at
    from customer_records
),

final as (
    select
        beaten.customer_id,
        beaten.field,
        beaten.source,
        beaten.object,
        beaten.record_id,
        beaten.value,
        case
            when {{ quality_of('beaten.lost_order') }} > {{ quality_of('beaten.won_order') }} then beaten.quality_rule
            when beaten.first_rule = 'source_rank' and beaten.source_rank <> winners.source_rank then 'source_rank'
            when
                beaten.observed_at <> winners.observed_at
                or (beaten.modified_at is distinct from winners.modified_at)
                then 'most_recent'
            when beaten.source_rank <> winners.source_rank then 'source_rank'
            else 'record_key'
        end as rule,
        beaten.lost_order,
        beaten.is_conflict
    from beaten
    inner join positions as winners
        on beaten.customer_id = winners.customer_id
        and beaten.first_rule = winners.first_rule
        and {{ position_of('beaten.won_order') }} = winners.position
)

select * from final
