-- The record behind each of a customer's latest instants: the case, the activity, or, where none is as new, the record of the
-- customer that knows of a contact.
with cases as (
    select * from {{ ref('int_customer_case') }}
    where last_case_at is not null
),

contacts as (
    select
        survivors.customer_id,
        greatest(survivors.last_activity_at, activities.last_activity_at, cases.last_case_at) as last_contact_at,
        case
            when cases.last_case_at = last_contact_at then cases.last_case
            when activities.last_activity_at = last_contact_at then activities.last_activity
        end as last_event
    from {{ ref('int_customer_survivor') }} as survivors
    left join {{ ref('int_customer_activity') }} as activities
        on survivors.customer_id = activities.customer_id
    left join cases
        on survivors.customer_id = cases.customer_id
),

known_by_records as (
    select
        contacts.customer_id,
        {{ latest_record('records.last_activity_at') }} as last_event
    from contacts
    inner join {{ ref('int_customer_record') }} as records
        on contacts.customer_id = records.customer_id
        and contacts.last_contact_at = records.last_activity_at
    where contacts.last_event is null
    group by contacts.customer_id
),

latest as (
    select
        customer_id,
        'last_case_at' as field,
        last_case as record
    from cases

    union all

    select
        customer_id,
        'last_contact_at' as field,
        last_event as record
    from contacts
    where last_event is not null

    union all

    select
        customer_id,
        'last_contact_at' as field,
        last_event as record
    from known_by_records
),

final as (
    select
        latest.customer_id,
        latest.field,
        latest.record.source,
        latest.record.object,
        latest.record.record_id,
        latest.record.observed_at
    from latest
)

select * from final
