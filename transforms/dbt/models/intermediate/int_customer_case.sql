with cases as (
    {{ with_named_customers(ref('stg_support_case')) }}
),

counted as (
    {{ per_customer('cases', ['cases.status', 'opened_at', 'cases.source', 'object', 'record_id', 'observed_at']) }}
),

final as (
    select
        customer_id,
        cast(count(*) filter (where status = 'open') as integer) as open_cases,
        cast(count(*) filter (where opened_at >= {{ instant(as_of() ~ ' - 90') }}) as integer) as cases_90d,
        max(opened_at) as last_case_at,
        {{ latest_record('opened_at') }} as last_case
    from counted
    where opened_at < {{ end_of_as_of() }} or opened_at is null
    group by customer_id
)

select * from final
