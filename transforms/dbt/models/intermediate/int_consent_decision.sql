with statements as (
    select * from {{ ref('int_consent_statement') }}
),

weighed as (
    select
        customer_id,
        purpose,
        max(stated_at) filter (where state = 'denied') as denied_at,
        max(stated_at) filter (where state = 'granted' and is_dated) as granted_explicitly_at
    from statements
    group by customer_id, purpose
),

-- only an explicit, dated grant that is newer than every denial beats one
decided as (
    select
        customer_id,
        purpose,
        case
            when denied_at is null or granted_explicitly_at > denied_at then 'granted'
            else 'denied'
        end as state,
        case
            when denied_at is null then 'only'
            when granted_explicitly_at > denied_at then 'newer_grant'
            else 'denied_first'
        end as rule
    from weighed
),

-- the statement that decided first, then the others that say the same, then what was beaten
placed as (
    select
        decided.state as decided_state,
        decided.rule,
        statements.*,
        row_number() over (
            partition by statements.customer_id, statements.purpose
            order by
                statements.state <> decided.state,
                decided.rule = 'newer_grant' and not statements.is_dated,
                statements.stated_at desc nulls last,
                statements.source, statements.object, statements.record_id
        ) as place
    from statements
    inner join decided
        on statements.customer_id = decided.customer_id
        and statements.purpose = decided.purpose
),

final as (
    select
        customer_id,
        purpose,
        any_value(decided_state) as state,
        any_value(source) filter (where place = 1) as source,
        any_value(object) filter (where place = 1) as object,
        any_value(record_id) filter (where place = 1) as record_id,
        any_value(observed_at) filter (where place = 1) as observed_at,
        case
            when count(*) filter (where state <> decided_state) = 0 then 'only'
            else any_value(rule)
        end as rule,
        coalesce(
            {{ json_list(
                json_of({'record': "source || ':' || object || ':' || record_id", 'value': 'state'}),
                by='place',
                only='state <> decided_state'
            ) }},
            '[]'
        ) as runners_up
    from placed
    group by customer_id, purpose
)

select * from final
