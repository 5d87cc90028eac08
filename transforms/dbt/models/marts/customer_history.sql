-- A version is valid from the logical date of the run that saw it first. History has a grain of one day: a version that is
-- replaced on the day it came, or by a run with an older date, leaves no row, and its successor begins where it began.
with customers as (
    select * from {{ ref('customer') }}
),

carried as (
    select history.*
    from {{ source('previous', 'customer_history') }} as history
    left join {{ ref('customer_alias') }} as aliases
        on history.customer_id = aliases.id
        and aliases.status = 'erased'
    where aliases.id is null
),

open_versions as (
    select
        carried.customer_id,
        carried.valid_from,
        greatest(carried.valid_from, {{ instant(as_of()) }}) as ends_at,
        coalesce(customers.publication <> {{ this_publication() }}, false) as still_holds
    from carried
    left join customers
        on carried.customer_id = customers.customer_id
    where carried.valid_to is null
),

older as (
    select
        {% for column in customer_columns() -%}
        carried.{{ column }},
        {% endfor -%}
        carried.valid_from,
        case
            when carried.valid_to is null and not open_versions.still_holds then open_versions.ends_at
            else carried.valid_to
        end as valid_to
    from carried
    left join open_versions
        on carried.customer_id = open_versions.customer_id
        and carried.valid_to is null
    where carried.valid_to is not null or open_versions.still_holds or open_versions.ends_at > carried.valid_from
),

new_versions as (
    select
        customers.*,
        coalesce(open_versions.ends_at, {{ instant(as_of()) }}) as valid_from,
        cast(null as timestamptz) as valid_to
    from customers
    left join open_versions
        on customers.customer_id = open_versions.customer_id
    where customers.publication = {{ this_publication() }}
),

final as (
    select
        {% for column in customer_columns() -%}
        {{ column }},
        {% endfor -%}
        valid_from,
        valid_to
    from older

    union all

    select
        {% for column in customer_columns() -%}
        {{ column }},
        {% endfor -%}
        valid_from,
        valid_to
    from new_versions
)

select * from final
