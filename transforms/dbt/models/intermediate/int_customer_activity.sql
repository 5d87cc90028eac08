with activities as (
    {{ with_named_customers(ref('stg_activity')) }}
),

counted as (
    {{ per_customer('activities', ['happened_at', 'activities.source', 'object', 'record_id', 'observed_at']) }}
),

final as (
    select
        customer_id,
        max(happened_at) as last_activity_at,
        {{ latest_record('happened_at') }} as last_activity
    from counted
    where happened_at < {{ end_of_as_of() }}
    group by customer_id
)

select * from final
