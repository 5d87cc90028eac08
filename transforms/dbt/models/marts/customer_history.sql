-- History goes on from the newest publication, also after a rollback: publications are numbered in the order in which
-- they were made, and a version holds from the first that has it to the one before the first that has it no more. Days are
-- told beside it; a run with an older date cannot change what was said of days before the last one told.
with customers as (
    select * from {{ ref('customer') }}
),

carried as (
    select history.*
    from {{ source('newest', 'customer_history') }} as history
    left join {{ ref('customer_alias') }} as aliases
        on history.customer_id = aliases.id
        and aliases.status = 'erased'
    where aliases.id is null
),

days as (
    select greatest({{ instant(as_of()) }}, max({{ instant('logical_date') }})) as reached
    from {{ source('newest', 'publication') }}
),

-- a customer's row is named by the publication in which it last changed: no column needs to be compared
still_holding as (
    select carried.customer_id
    from carried
    inner join customers
        on carried.customer_id = customers.customer_id
        and carried.publication = customers.publication
    where carried.to_publication is null
),

older as (
    select
        {% for column in customer_columns() -%}
        carried.{{ column }},
        {% endfor -%}
        carried.valid_from,
        case
            when carried.to_publication is null and still_holding.customer_id is null then days.reached
            else carried.valid_to
        end as valid_to,
        carried.from_publication,
        case
            when carried.to_publication is null and still_holding.customer_id is null then {{ this_publication() }}
            else carried.to_publication
        end as to_publication
    from carried
    cross join days
    left join still_holding
        on carried.customer_id = still_holding.customer_id
),

newly_said as (
    select
        {% for column in customer_columns() -%}
        customers.{{ column }},
        {% endfor -%}
        days.reached as valid_from,
        cast(null as timestamptz) as valid_to,
        {{ this_publication() }} as from_publication,
        cast(null as bigint) as to_publication
    from customers
    cross join days
    left join still_holding
        on customers.customer_id = still_holding.customer_id
    where still_holding.customer_id is null
),

final as (
    select * from older
    union all
    select * from newly_said
)

select * from final
