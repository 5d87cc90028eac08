with aliases as (
    select * from {{ source('identity', 'alias') }}
),

final as (
    select
        id,
        status,
        coalesce(new_ids, {{ empty_list() }}) as new_ids,
        coalesce(publication, {{ this_publication() }}) as publication
    from aliases
)

select * from final
