with customer_records as (
    select * from {{ ref('int_customer_record') }}
),

winning_orders as (
    select * from {{ ref('int_winning_order') }}
),

-- a group's fields are those of the one record that won it
final as (
    select
        records.customer_id,
        {% for field, group in [('customer_type', 'first')] + surviving_fields() -%}
        any_value(records.{{ field }}) filter (where records.{{ group }}_order = winning.{{ group }}_order) as {{ field }},
        {% endfor -%}
        any_value(records.sla) filter (where records.sla_order = winning.sla_order) as sla,
        any_value(records.source) filter (where records.owner_order = winning.owner_order) as owner_source,
        any_value(records.owner_user_id) filter (where records.owner_order = winning.owner_order) as owner_user_id,
        any_value(records.record_id) filter (where records.first_order = winning.first_order) as first_record_id,

        -- what all records say together
        case
            when count(*) filter (where records.status = 'closed') = count(*) then 'closed'
            else 'active'
        end as status,
        max(records.last_activity_at) filter (where records.last_activity_at < {{ end_of_as_of() }}) as last_activity_at,
        min(records.fresh_at) as oldest_source_at,
        {{ sorted_set('records.source') }} as sources
    from customer_records as records
    inner join winning_orders as winning
        on records.customer_id = winning.customer_id
    group by records.customer_id
)

select * from final
