-- Goes on from the newest publication, as customer_history does. An id that is a customer stands there and not here.
with aliases as (
    select * from {{ ref('customer_alias') }}
    where status <> 'live'
),

carried as (
    select * from {{ source('newest', 'customer_alias_history') }}
),

still_holding as (
    select carried.id
    from carried
    inner join aliases
        on carried.id = aliases.id
        and carried.status = aliases.status
        and carried.new_ids = aliases.new_ids
    where carried.to_publication is null
),

older as (
    select
        carried.id,
        carried.status,
        carried.new_ids,
        carried.from_publication,
        case
            when carried.to_publication is null and still_holding.id is null then {{ this_publication() }}
            else carried.to_publication
        end as to_publication
    from carried
    left join still_holding
        on carried.id = still_holding.id
),

newly_said as (
    select
        aliases.id,
        aliases.status,
        aliases.new_ids,
        {{ this_publication() }} as from_publication,
        cast(null as bigint) as to_publication
    from aliases
    left join still_holding
        on aliases.id = still_holding.id
    where still_holding.id is null
),

final as (
    select * from older
    union all
    select * from newly_said
)

select * from final
