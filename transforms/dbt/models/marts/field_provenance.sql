-- customers are numbered in the order of their ids: numbers sort and join faster
{{ config(materialized='parquet', ordered_by=['customer_no', 'field']) }}

with records as (
    select * from {{ ref('int_customer_record') }}
),

pinned_values as (
    select * from {{ ref('int_pinned_value') }}
),

survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

told as (
    select * from {{ ref('int_runner_up') }}
),

-- one pass over the records: each names the fields that it gives
given as (
    select
        records.customer_no,
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
        customer_no,
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
        records.customer_no,
        records.customer_id,
        'display_name' as field,
        records.source,
        records.object,
        records.record_id,
        records.observed_at,
        'stand_in' as rule
    from records
    inner join survivors
        on records.customer_no = survivors.customer_no
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

-- what is not of one of its records alone
stated as (
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
),

final as (
    select
        survived.customer_no,
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
        on survived.customer_no = told.customer_no
        and survived.field = told.field
    left join pinned_values
        on survived.customer_no = pinned_values.customer_no
        and survived.field = pinned_values.field
    where pinned_values.customer_no is null

    union all

    select
        pinned_values.customer_no,
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
        on pinned_values.customer_no = told.customer_no
        and pinned_values.field = told.field

    union all

    select
        survivors.customer_no,
        stated.*
    from stated
    inner join survivors
        on stated.customer_id = survivors.customer_id
)

select * from final
