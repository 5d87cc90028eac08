{{ config(materialized='parquet', key=['customer_id', 'field']) }}

with records as (
    select * from {{ ref('int_customer_record') }}
),

pins as (
    select * from {{ ref('int_pin') }}
    where in_force and value is not null
),

-- a pinned part of a person's name changes the whole of it
pinned_values as (
    select
        customer_id,
        field,
        value,
        said,
        stated_on
    from pins

    union all

    select
        pins.customer_id,
        'display_name' as field,
        survivors.display_name as value,
        {{ best('pins.said', by='pins.field') }} as said,
        {{ best('pins.stated_on', by='pins.field') }} as stated_on
    from pins
    inner join {{ ref('int_customer_survivor') }} as survivors
        on pins.customer_id = survivors.customer_id
    left join pins as whole
        on pins.customer_id = whole.customer_id
        and whole.field = 'display_name'
    where pins.field in ('given_name', 'family_name') and whole.customer_id is null
    group by pins.customer_id, survivors.display_name

    union all

    -- a pinned contact point that stands in for the name
    select
        pins.customer_id,
        'display_name' as field,
        pins.value,
        pins.said,
        pins.stated_on
    from pins
    inner join {{ ref('int_customer_survivor') }} as survivors
        on pins.customer_id = survivors.customer_id
    where survivors.display_name is null and pins.field = {{ stand_in('survivors') }}
),

-- one pass over the records: each names the fields that it gives
given as (
    select
        records.customer_id,
        records.source,
        records.object,
        records.record_id,
        records.observed_at,
        {{ elements(fields_given()) }} as field
    from records
    left join {{ ref('int_winning_record') }} as winning
        on records.customer_no = winning.customer_no
),

survived as (
    select
        customer_id,
        field,
        source,
        object,
        record_id,
        observed_at,
        'only' as rule
    from given
    where field is not null

    union all

    -- a customer without a name is called by what stands in for one
    select
        records.customer_id,
        'display_name' as field,
        records.source,
        records.object,
        records.record_id,
        records.observed_at,
        'stand_in' as rule
    from records
    inner join {{ ref('int_customer_survivor') }} as survivors
        on records.customer_id = survivors.customer_id
    left join {{ ref('int_winning_record') }} as winning
        on records.customer_no = winning.customer_no
    where
        survivors.display_name is null
        and case {{ stand_in('survivors') }}
            when 'email' then records.email is not null and {{ gives('email') }}
            when 'phone_e164' then records.phone_e164 is not null and {{ gives('phone') }}
            else {{ gives('first') }}
        end
),

-- what would have survived without the pin
overruled as (
    select
        records.customer_id,
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
        on pinned_values.customer_id = records.customer_id
    left join {{ ref('int_winning_record') }} as winning
        on records.customer_no = winning.customer_no
),

beaten as (
    select
        customer_id,
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
        customer_id,
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

told as (
    select
        beaten.customer_id,
        beaten.field,
        {{ json_list(
            json_of({'record': "beaten.source || ':' || beaten.object || ':' || beaten.record_id", 'value': 'beaten.value'}),
            by='beaten.place'
        ) }} as runners_up,
        {{ best('beaten.rule', by='beaten.place') }} as rule
    from beaten
    left join pinned_values
        on beaten.customer_id = pinned_values.customer_id
        and beaten.field = pinned_values.field
    where beaten.value is distinct from pinned_values.value
    group by beaten.customer_id, beaten.field
),

final as (
    select
        survived.customer_id,
        survived.field,
        survived.source,
        survived.object,
        survived.record_id,
        coalesce(told.rule, survived.rule) as rule,
        survived.observed_at,
        coalesce(told.runners_up, '[]') as runners_up
    from survived
    left join told
        on survived.customer_id = told.customer_id
        and survived.field = told.field
    left join pinned_values
        on survived.customer_id = pinned_values.customer_id
        and survived.field = pinned_values.field
    where pinned_values.customer_id is null

    union all

    select
        pinned_values.customer_id,
        pinned_values.field,
        'policy' as source,
        'pins.csv' as object,
        pinned_values.said as record_id,
        'pinned' as rule,
        {{ instant('pinned_values.stated_on') }} as observed_at,
        coalesce(told.runners_up, '[]') as runners_up
    from pinned_values
    left join told
        on pinned_values.customer_id = told.customer_id
        and pinned_values.field = told.field

    union all

    select
        customer_id,
        'consent_' || purpose as field,
        source,
        object,
        record_id,
        rule,
        observed_at,
        runners_up
    from {{ ref('int_consent_decision') }}

    union all

    select
        customer_id,
        field,
        source,
        object,
        record_id,
        'latest' as rule,
        observed_at,
        '[]' as runners_up
    from {{ ref('int_latest_record') }}
)

select * from final
