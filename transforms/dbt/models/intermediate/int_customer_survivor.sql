with customer_records as (
    select * from {{ ref('int_customer_record') }}
),

winning_records as (
    select * from {{ ref('int_winning_record') }}
),

-- a group's fields are those of the one record that won it
survived as (
    select
        records.customer_no,
        any_value(records.customer_id) as customer_id,
        {% for field, group in [('customer_type', 'first')] + surviving_fields() -%}
        any_value(records.{{ field }}) filter (where {{ gives(group) }}) as {{ field }},
        {% endfor -%}
        any_value(records.source) filter (where {{ gives('owner') }} and records.owner_user_id is not null) as owner_source,
        any_value(records.owner_user_id) filter (where {{ gives('owner') }}) as owner_user_id,
        any_value(records.record_id) filter (where {{ gives('first') }}) as first_record_id,

        -- what all records say together
        case
            when count(*) filter (where records.status = 'closed') = count(*) then 'closed'
            else 'active'
        end as status,
        max(records.last_activity_at) filter (where records.last_activity_at < {{ end_of_as_of() }}) as last_activity_at,
        min(records.fresh_at) as oldest_source_at,
        {{ sorted_set('records.source') }} as sources
    from customer_records as records
    left join winning_records as winning
        on records.customer_no = winning.customer_no
    group by records.customer_no
),

-- what stewards said stands above every record
pinned as (
    select
        {% for field in pinnable_fields() -%}
        max(value) filter (where field = '{{ field }}') as {{ field }},
        {% endfor -%}
        customer_id
    from {{ ref('int_pin') }}
    where in_force and value is not null
    group by customer_id
),

final as (
    select
        survived.customer_id,
        survived.customer_no,
        survived.customer_type,
        {% for field, _ in surviving_fields() -%}
        {{ pinned_or_survived(field) }} as {{ field }},
        {% endfor -%}
        survived.owner_source,
        survived.owner_user_id,
        survived.first_record_id,
        survived.status,
        survived.last_activity_at,
        survived.oldest_source_at,
        survived.sources
    from survived
    left join pinned
        on survived.customer_id = pinned.customer_id
)

select * from final
