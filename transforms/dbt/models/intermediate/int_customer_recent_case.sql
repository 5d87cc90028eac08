{%- set shown = 3 -%}

with cases as (
    {{ with_named_customers(ref('stg_support_case')) }}
),

counted as (
    {{ per_customer('cases', ['cases.status', 'subject', 'priority', 'opened_at', 'cases.source', 'object', 'record_id']) }}
),

-- open ones first, then the newest
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by status <> 'open', opened_at desc, source asc, object asc, record_id asc
        ) as position
    from counted
    where opened_at < {{ end_of_as_of() }}
),

newest as (
    select
        customer_id,
        position,
        {{ rfc3339('opened_at') }} as opened_at,
        status,
        priority,
        {{ shortened('subject', 80) }} as subject,
        {{ shortened('policy.redacted(subject)', 80) }} as subject_redacted
    from ranked
    where position <= {{ shown }}
),

final as (
    select
        customer_id,
        {{ json_list(
            json_of({'opened_at': 'opened_at', 'status': 'status', 'priority': 'priority', 'subject': 'subject'}),
            by='position'
        ) }} as recent_cases,
        {{ json_list(
            json_of({
                'opened_at': 'opened_at', 'status': 'status', 'priority': 'policy.redacted(priority)',
                'subject': 'subject_redacted',
            }),
            by='position'
        ) }} as recent_cases_redacted
    from newest
    group by customer_id
)

select * from final
